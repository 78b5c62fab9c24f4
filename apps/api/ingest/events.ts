import type { Request, RequestHandler } from 'express';
import { v7 as uuidv7 } from 'uuid';
import { acceptedAnswerSchema } from '#api-schemas';
import { faultsOf } from '#criteria';
import { findPeople } from '#database';
import { type EngineEvent, fromNative, nativeBodySchemas, type NativeEvent, parseNativeBody } from '#events';
import type { AppDeps } from '../deps';
import type { Metrics } from '../operations/metrics';
import { invalid } from '../http/problem';
import { refuseQuery, type Route, sendJson } from '../http/route';
import type { Ingest } from './store-event';

/** @throws Problem 400 for each `personId` that is nobody's */
async function requirePeople(
  { db }: AppDeps,
  events: readonly NativeEvent[],
  isBatch: boolean,
): Promise<void> {
  const ids = new Set(events.flatMap(({ personId }) => personId ?? []));
  if (ids.size === 0) return;
  const known = await findPeople(db, [...ids]);
  const faults = events.flatMap(({ personId }, index) =>
    personId && !known.has(personId)
      ? [{ path: isBatch ? `events[${index}].personId` : 'personId', message: 'is the id of no person' }]
      : [],
  );
  if (faults.length > 0) throw invalid(faults);
}

/** Larger requests go alone: a window of them would make a job of a megabyte. */
const GATHER_BYTES_MAX = 16_384;

function isSmall(request: Request): boolean {
  const bytes = request.headers['content-length'];
  return bytes !== undefined && Number(bytes) <= GATHER_BYTES_MAX;
}

const countOf = (body: unknown): number =>
  typeof body === 'object' && body !== null && 'events' in body && Array.isArray(body.events)
    ? body.events.length
    : 1;

/** Counts the ids that stand for nobody and were left out beside a usable one. */
function countBlocked(
  { counters }: AppDeps,
  given: readonly NativeEvent[],
  made: readonly EngineEvent[],
): void {
  for (const [index, event] of given.entries()) {
    for (const kind of ['userId', 'anonymousId'] as const) {
      if (event[kind] && made[index]?.[kind] === undefined)
        counters.add('identity_blocked_total', { kind }, 1);
    }
  }
}

function ingest(deps: AppDeps, metrics: Metrics, { storeEvent, receive }: Ingest): RequestHandler {
  const store = async (events: EngineEvent[], isAlone: boolean): Promise<void> => {
    const [first] = events;
    if (isAlone && first !== undefined) await storeEvent(first);
    else await deps.producer.add('events', { events });
  };
  return async (request, response) => {
    refuseQuery(request);
    const body: unknown = request.body;
    const parsed = parseNativeBody(body);
    if (!parsed.success) {
      metrics.countEvents('refused', countOf(body));
      throw invalid(faultsOf(parsed.error, ''));
    }
    const isBatch = parsed.data.length > 1 || (typeof body === 'object' && body !== null && 'events' in body);
    const events = fromNative(parsed.data, receive(parsed.data.length), uuidv7);
    try {
      await requirePeople(deps, parsed.data, isBatch);
      await store(events, !isBatch && isSmall(request));
    } catch (error) {
      metrics.countEvents('unavailable', events.length);
      throw error;
    }
    metrics.countEvents('accepted', events.length);
    countBlocked(deps, parsed.data, events);
    sendJson(response, 202, {
      accepted: events.length,
      messageIds: events.map(({ messageId }) => messageId),
    });
  };
}

/** Ingest: the one route that everything is fast for. */
export function eventRoutes(deps: AppDeps, metrics: Metrics, shared: Ingest): Route[] {
  return [
    {
      method: 'post',
      path: '/api/growth/events',
      access: 'write',
      takesJson: true,
      description: {
        summary: 'Takes one event, or up to 1,000 as {"events": [...]}; answers once they are stored durably',
        tag: 'Ingest',
        body: nativeBodySchemas.event.or(nativeBodySchemas.batch),
        answers: { 202: acceptedAnswerSchema },
        refusals: [413, 415, 503],
      },
      handle: ingest(deps, metrics, shared),
    },
  ];
}
