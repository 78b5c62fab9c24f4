import * as z from 'zod';
import type { Attempted } from '../attempt';
import type { DeliveryRequest } from '../destination';
import { sendInParts } from '../in-parts';
import type { MetaCall } from './audience';
import { metaOutcome } from './errors';
import { answerOf, callGraph, statusOf } from './graph';
import type { AudienceRow } from './hashing';

// Meta refuses a whole request over one event that is older.
const EVENT_AGE_MAX_MS = 7 * 24 * 60 * 60 * 1_000;
/** Meta's limit of a request. */
const EVENTS_MAX = 1_000;

const eventsAnswer = z.object({ error: z.never().optional(), events_received: z.number() });

/** Someone who was added to an audience, and the name of the event that tells of it. */
export type Conversion = {
  readonly request: DeliveryRequest;
  readonly row: AudienceRow;
  readonly name: string;
};

/**
 * Sends the conversion events of people who were added just now.
 *
 * An event that fails for a while has its whole delivery tried again, by its schedule and no longer: adding a row twice
 * is one row, and Meta drops an event whose name and id it has seen within 48 h. An event that is refused, is too old or
 * has no pixel is noted: the audience is right, and nothing about a pixel may stop audiences.
 * @returns what came of each, in their order
 */
export async function sendConversions(
  call: MetaCall,
  conversions: readonly Conversion[],
  nowMs: number,
): Promise<Attempted[]> {
  const { pixelId } = call.settings;
  if (pixelId === undefined) return conversions.map(() => notSent('META_PIXEL_ID is not set'));
  const isSent = ({ request }: Conversion) => nowMs - request.occurredAtMs < EVENT_AGE_MAX_MS;
  const recent = conversions.filter(isSent);
  const results: Attempted[] = [];
  for (let start = 0; start < recent.length; start += EVENTS_MAX) {
    const part = recent.slice(start, start + EVENTS_MAX);
    results.push(...(await sendInParts(part, (events) => sendEvents(call, pixelId, events, nowMs))));
  }
  const next = results.map(asNote).values();
  return conversions.map((one) =>
    isSent(one) ? (next.next().value ?? notSent('no answer')) : notSent('it is more than 7 days old'),
  );
}

async function sendEvents(
  call: MetaCall,
  pixelId: string,
  conversions: readonly Conversion[],
  nowMs: number,
): Promise<Attempted> {
  const body = { data: conversions.map((one) => eventOf(one, nowMs)) };
  const result = await callGraph(call, { method: 'POST', node: pixelId, edge: 'events', body });
  const httpStatus = statusOf(result);
  if (answerOf(result, eventsAnswer) !== null) return { outcome: { kind: 'delivered' }, httpStatus };
  const { throttle, settings } = call;
  return { outcome: metaOutcome(result, { throttle, accessToken: settings.accessToken }), httpStatus };
}

/** The event's id is the delivery's, by which Meta drops repeats; a clock ahead of this one dates nothing later than now. */
function eventOf({ request, row, name }: Conversion, nowMs: number): object {
  const [externId, emailHash, phoneHash] = row;
  return {
    event_name: name,
    event_time: Math.floor(Math.min(request.occurredAtMs, nowMs) / 1_000),
    event_id: request.deliveryId,
    action_source: 'system_generated',
    user_data: {
      external_id: [externId],
      ...(emailHash === '' ? {} : { em: [emailHash] }),
      ...(phoneHash === '' ? {} : { ph: [phoneHash] }),
    },
  };
}

/** A throttled pixel holds up its own deliveries only, and uses up their tries: the audience was changed already. */
function asNote({ outcome, httpStatus = null }: Attempted): Attempted {
  if (outcome.kind === 'delivered') return { outcome };
  const error = 'error' in outcome ? outcome.error : outcome.reason;
  if (outcome.kind !== 'retry') return notSent(`refused: ${error}`);
  const { afterMs } = outcome;
  return {
    outcome: {
      kind: 'retry',
      error: `conversion event: ${error}`,
      ...(afterMs === undefined ? {} : { afterMs }),
    },
    httpStatus,
  };
}

function notSent(reason: string): Attempted {
  return { outcome: { kind: 'delivered' }, note: `conversion event not sent: ${reason}` };
}
