import type { IncomingEvent } from '../incoming';
import { type Receipt, sequencesOf } from '../sequence';

/** An event, and how far its time lies after its receipt (ms; 0: it does not). */
export type Dated = { readonly event: IncomingEvent; readonly leadMs: number };

/** The events of one body, each with its place among all that was received in the same millisecond. */
export function placeEvents(dated: readonly Dated[], receipt: Receipt): IncomingEvent[] {
  const leads = dated.map(({ leadMs }) => leadMs);
  const sequences = sequencesOf(leads, receipt);
  return dated.map(({ event }, index) => {
    const sequence = sequences[index] ?? 0;
    return sequence === 0 ? event : { ...event, sequence };
  });
}
