import type { JsonObject } from '../../event';
import type { AccountLink, EventKind, SourceOutcome } from '../../incoming';
import { faulty, type Field, found } from '../field';
import { leadOf, occurrenceOf } from '../occurrence';
import type { SourceOptions } from '../options';
import { readId, readMessageId } from '../read-fields';
import { objectOf, textOf } from '../reading';
import { refuseBody, type Taken, takeItems, type Tally } from '../take-items';
import { READ_CALLS, type SegmentItem } from './calls';

/** A call of the Segment API: one event of a kind, or many. */
export type SegmentRoute = EventKind | 'batch' | 'import';

const ROUTES = new Map<string, SegmentRoute>([
  ...Object.entries({
    t: 'track',
    p: 'page',
    s: 'screen',
    i: 'identify',
    g: 'group',
    a: 'alias',
    b: 'batch',
  } as const),
  ...(['track', 'page', 'screen', 'identify', 'group', 'alias', 'batch', 'import'] as const).map(
    (route) => [route, route] as const,
  ),
]);

/** The call that a path's last part means (`track`, or `t` as browsers have it), null for any other. */
export const segmentRouteOf = (part: string): SegmentRoute | null => ROUTES.get(part) ?? null;

/** The write key that a body carries, null where it has none. */
export const writeKeyIn = (body: unknown): string | null => textOf(objectOf(body)?.['writeKey']);

const isKind = (type: unknown): type is EventKind =>
  typeof type === 'string' && Object.hasOwn(READ_CALLS, type);

/** The account that the person was using: the context may name one with any call. */
function usedAccount({ context, options }: SegmentItem): readonly AccountLink[] {
  const field = readId(context['groupId'], 'context.groupId');
  if ('fault' in field || field.value === null || options.isBlocked(field.value)) return [];
  return [{ groupId: field.value }];
}

function readItem(
  item: JsonObject,
  type: unknown,
  batch: JsonObject,
  options: SourceOptions,
  tally: Tally,
): Field<Taken> {
  if (!isKind(type)) return faulty('unknown_type', 'type must be one of the calls of the Segment API');
  const messageId = readMessageId(item['messageId'], 'messageId', options.makeMessageId);
  if ('fault' in messageId) return messageId;
  const { fromBrowser = false, receipt } = options;
  const receivedAt = receipt.atMs;
  if (fromBrowser && (item['personId'] ?? null) !== null) {
    return faulty('not_allowed', 'personId must not be given: the key may stand in a web page');
  }
  const context = { ...objectOf(batch['context']), ...objectOf(item['context']) };
  const of: SegmentItem = { item, context, options, tally };
  const call = READ_CALLS[type](of);
  if ('fault' in call) return call;
  // Rudder sends both: the caller's timestamp, and when the call was made.
  const timestamp = item['timestamp'] ?? item['originalTimestamp'];
  const sentAt = item['sentAt'] ?? batch['sentAt'];
  const occurrence = occurrenceOf({ timestamp, sentAt }, receivedAt, 'both');
  if (occurrence.isUnreadable) tally.unreadableTimestamps += 1;
  const accounts = call.value.accounts ?? usedAccount(of);
  return found({
    event: {
      messageId: messageId.value,
      ...call.value,
      occurredAt: occurrence.at,
      receivedAt,
      ...(accounts.length === 0 ? {} : { accounts }),
      ...(fromBrowser ? { fromBrowser } : {}),
    },
    leadMs: leadOf(call.value, occurrence.leadMs, receivedAt),
  });
}

const messageIdOf = (item: JsonObject): unknown => item['messageId'];

/**
 * The events of a body of the Segment HTTP API, as its many clients send them. A batch takes what is good in it; a
 * single call, and any batch in strict mode, is refused for one fault. `context` and `integrations` are not kept.
 */
export function fromSegment(route: SegmentRoute, body: unknown, options: SourceOptions): SourceOutcome {
  const whole = objectOf(body);
  if (whole === null) return refuseBody('invalid_body', 'must be a JSON object');
  if (route !== 'batch' && route !== 'import') {
    return takeItems(
      [whole],
      (item, tally) => readItem(item, route, {}, options, tally),
      messageIdOf,
      true,
      options.receipt,
    );
  }
  if (route === 'import' && options.fromBrowser === true) {
    return refuseBody('not_allowed', 'a key that may stand in a web page imports nothing');
  }
  const items = whole['batch'];
  if (!Array.isArray(items)) return refuseBody('invalid_body', 'batch must be a list');
  return takeItems(
    items,
    (item, tally) => readItem(item, item['type'], whole, options, tally),
    messageIdOf,
    options.strict === true,
    options.receipt,
  );
}
