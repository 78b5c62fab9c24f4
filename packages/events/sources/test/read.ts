import { makeIsBlockedId } from '../../identities/blocked-ids';
import type { IncomingEvent, Rejection, SourceOutcome } from '../../incoming';
import type { SourceOptions } from '../options';

export const RECEIVED = Date.UTC(2026, 10, 22, 12);

export const options = (more: Partial<SourceOptions> = {}): SourceOptions => ({
  receipt: { atMs: RECEIVED, before: 0 },
  makeMessageId: () => 'made',
  isBlocked: makeIsBlockedId(),
  ...more,
});

/** The events of an outcome; it must have taken the body. */
export function takenOf(outcome: SourceOutcome): readonly IncomingEvent[] {
  if (!outcome.accepted) throw new Error(JSON.stringify(outcome.rejected));
  return outcome.events;
}

/** The only event of an outcome. */
export function onlyEventOf(outcome: SourceOutcome): IncomingEvent {
  const [event, ...others] = takenOf(outcome);
  if (event === undefined || others.length > 0) throw new Error(JSON.stringify(outcome));
  return event;
}

export const codesOf = ({ rejected }: SourceOutcome): [Rejection['index'], Rejection['code']][] =>
  rejected.map(({ index, code }) => [index, code]);
