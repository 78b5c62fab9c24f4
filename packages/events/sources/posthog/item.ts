import { type JsonObject, SUBSCRIPTION_EVENT } from '../../event';
import type { EventKind } from '../../incoming';
import { faulty, type Field, found } from '../field';
import { instantOf, leadOf, type Occurrence, occurrenceOf } from '../occurrence';
import type { SourceOptions } from '../options';
import { nameFault, readMessageId, readObject, readSubscription } from '../read-fields';
import { at } from '../reading';
import type { Taken, Tally } from '../take-items';
import { groupsOf, readGroup } from './groups';
import { aliasedOf, distinctIdOf, doerOf, identifiedOf, type PosthogIds } from './ids';
import { traitsOf } from './traits';

/** What PostHog's own events mean here; all others keep their names. */
const OWN = new Map<string, { readonly name: string; readonly kind: EventKind }>([
  ['$identify', { name: 'identify', kind: 'identify' }],
  ['$set', { name: '$set', kind: 'identify' }],
  ['$create_alias', { name: 'alias', kind: 'alias' }],
  ['$merge_dangerously', { name: 'alias', kind: 'alias' }],
  ['$pageview', { name: 'page_viewed', kind: 'page' }],
]);

/** Not kept: what the event says elsewhere, the key, and what is a person's address or device. */
const DROPPED = new Set(
  '$set $set_once $unset $groups $anon_distinct_id distinct_id token $ip $user_agent $raw_user_agent'.split(
    ' ',
  ),
);

/** An item whose common parts are read. */
type Read = {
  readonly item: JsonObject;
  readonly type: string;
  /** Null: none were sent. */
  readonly properties: JsonObject | null;
  readonly moment: { readonly messageId: string; readonly occurredAt: number; readonly receivedAt: number };
  readonly leadMs: number;
  readonly options: SourceOptions;
  readonly tally: Tally;
};

const origin = ({ fromBrowser }: SourceOptions) => (fromBrowser === true ? { fromBrowser } : {});

function readIds({ item, type, options, tally }: Read): Field<PosthogIds> {
  switch (type) {
    case '$identify':
      return identifiedOf(item, options, tally);
    case '$create_alias':
    case '$merge_dangerously':
      return aliasedOf(item, options, tally);
    default:
      return doerOf(item, options, tally);
  }
}

/** `$groupidentify` describes an account; servers send it as nobody's. */
function takeGroup(read: Read): Field<Taken> {
  const { item, properties, moment, leadMs, options, tally } = read;
  const group = readGroup(properties ?? {});
  if ('fault' in group) return group;
  const { nobody, ...account } = group.value;
  if (distinctIdOf(item) === nobody) return found({ account: { ...moment, ...account } });
  const ids = doerOf(item, options, tally);
  if ('fault' in ids) return ids;
  const call = { name: 'group', kind: 'group' as const, accounts: [account] };
  return found({ event: { ...moment, ...call, ...ids.value, ...origin(options) }, leadMs });
}

function takeEvent(read: Read): Field<Taken> {
  const { item, type, properties, moment, leadMs, options } = read;
  const ids = readIds(read);
  if ('fault' in ids) return ids;
  const traits = traitsOf(item, properties ?? {});
  if ('fault' in traits) return traits;
  const { name, kind } = OWN.get(type) ?? { name: type, kind: 'track' as const };
  const kept = Object.entries(properties ?? {}).filter(([property]) => !DROPPED.has(property));
  const hasProperties = properties !== null && (kind === 'track' || kind === 'page');
  const accounts = groupsOf(properties ?? {});
  return found({
    event: {
      ...moment,
      name,
      kind,
      ...ids.value,
      ...(hasProperties ? { properties: Object.fromEntries(kept) } : {}),
      ...traits.value,
      ...(accounts.length === 0 ? {} : { accounts }),
      ...origin(options),
    },
    leadMs: leadOf({ name, ...(properties === null ? {} : { properties }) }, leadMs, moment.receivedAt),
  });
}

/** Browsers say how old an event was when it was sent, instead of when it happened. */
function occurrenceIn(item: JsonObject, sentAt: unknown, receivedAt: number): Occurrence {
  const { timestamp, offset } = item;
  if ((timestamp ?? null) !== null || typeof offset !== 'number' || offset < 0) {
    return occurrenceOf({ timestamp, sentAt }, receivedAt, 'ahead');
  }
  const sentAtMs = Math.min(instantOf(sentAt) ?? receivedAt, receivedAt);
  return { at: Math.max(0, Math.floor(sentAtMs - offset)), leadMs: 0, isUnreadable: false };
}

/** Reads one item; `sentAt` is its body's. */
export function readPosthogItem(
  item: JsonObject,
  sentAt: unknown,
  options: SourceOptions,
  tally: Tally,
): Field<Taken> {
  const { event: type, uuid } = item;
  const { receipt, fromBrowser, makeMessageId } = options;
  const receivedAt = receipt.atMs;
  const wrong = nameFault(type);
  if (wrong !== null || typeof type !== 'string') {
    return faulty('invalid_event', `event ${wrong ?? 'must be a string'}`);
  }
  if (fromBrowser === true && type === SUBSCRIPTION_EVENT) {
    return faulty('not_allowed', 'event must not be a subscription: the key may stand in a web page');
  }
  const messageId = readMessageId(uuid ?? at(item, 'properties', '$insert_id'), 'uuid', makeMessageId);
  if ('fault' in messageId) return messageId;
  const field = readObject(item['properties'], 'properties');
  if ('fault' in field) return field;
  const properties = type === SUBSCRIPTION_EVENT ? readSubscription(field.value) : field;
  if ('fault' in properties) return properties;
  const occurrence = occurrenceIn(item, sentAt, receivedAt);
  if (occurrence.isUnreadable) tally.unreadableTimestamps += 1;
  const moment = { messageId: messageId.value, occurredAt: occurrence.at, receivedAt };
  const { leadMs } = occurrence;
  const read = { item, type, properties: properties.value, moment, leadMs, options, tally };
  return type === '$groupidentify' ? takeGroup(read) : takeEvent(read);
}
