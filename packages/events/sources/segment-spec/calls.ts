import { type JsonObject, SUBSCRIPTION_EVENT } from '../../event';
import type { EventKind, IncomingEvent } from '../../incoming';
import { cleanObject } from '../../text';
import { faulty, type Field, found } from '../field';
import type { SourceOptions } from '../options';
import { nameFault, readId, readObject, readSubscription, readTraits } from '../read-fields';
import { objectOf, textOf } from '../reading';
import type { Tally } from '../take-items';
import { aliasIdsOf, identitiesOf } from './identities';

/** An item and what it is read with. */
export type SegmentItem = {
  readonly item: JsonObject;
  /** The item's own context over its batch's. */
  readonly context: JsonObject;
  readonly options: SourceOptions;
  readonly tally: Tally;
};

/** What an item says, apart from when. */
export type SegmentCall = Omit<IncomingEvent, 'messageId' | 'occurredAt' | 'receivedAt'>;

type ReadCall = (of: SegmentItem) => Field<SegmentCall>;

/** The properties of what a person did, with the campaign that brought them unless they name one; null: none. */
function readProperties({ item, context }: SegmentItem, more: JsonObject): Field<JsonObject | null> {
  const field = readObject(item['properties'], 'properties');
  if ('fault' in field) return field;
  const campaign = readObject(objectOf(context['campaign']), 'context.campaign');
  const brought = 'value' in campaign && campaign.value !== null ? { campaign: campaign.value } : {};
  const properties: JsonObject = { ...brought, ...field.value, ...more };
  return found(Object.keys(properties).length === 0 ? field.value : properties);
}

function done(of: SegmentItem, kind: EventKind, name: string, more: JsonObject = {}): Field<SegmentCall> {
  const ids = identitiesOf(of.item, of.options, of.tally);
  if ('fault' in ids) return ids;
  const properties = readProperties(of, more);
  if ('fault' in properties) return properties;
  return found({
    name,
    kind,
    ...ids.value,
    ...(properties.value === null ? {} : { properties: properties.value }),
  });
}

const readTrack: ReadCall = (of) => {
  const wrong = nameFault(of.item['event']);
  const name = textOf(of.item['event']);
  const call = done(of, 'track', name ?? '');
  if ('fault' in call) return call;
  if (wrong !== null || name === null) return faulty('invalid_event', `event ${wrong ?? 'must be a string'}`);
  if (name !== SUBSCRIPTION_EVENT) return call;
  if (of.options.fromBrowser === true) {
    return faulty('not_allowed', 'event must not be a subscription: the key may stand in a web page');
  }
  const state = readSubscription(call.value.properties ?? null);
  return 'fault' in state ? state : call;
};

/** One name for all pages keeps lists of names short; which page it was is a property. */
const readPage =
  (kind: 'page' | 'screen'): ReadCall =>
  (of) => {
    const name = textOf(of.item['name']);
    const category = textOf(of.item['category']);
    const which = { ...(name === null ? {} : { name }), ...(category === null ? {} : { category }) };
    return done(of, kind, `${kind}_viewed`, cleanObject(which));
  };

const readIdentify: ReadCall = (of) => {
  const ids = identitiesOf(of.item, of.options, of.tally);
  if ('fault' in ids) return ids;
  const own = readTraits(of.item['traits'], 'traits');
  if ('fault' in own) return own;
  // Rudder's browser client sends a user's traits in the context only.
  const isEmpty = own.value === null || Object.keys(own.value).length === 0;
  const traits = isEmpty ? readTraits(objectOf(of.context['traits']), 'context.traits') : own;
  if ('fault' in traits) return traits;
  return found({
    name: 'identify',
    kind: 'identify',
    ...ids.value,
    ...(traits.value === null ? {} : { traits: traits.value }),
  });
};

/** A group's traits are the account's: its `email` and `id` are never the person's. */
const readGroup: ReadCall = (of) => {
  const ids = identitiesOf(of.item, of.options, of.tally);
  if ('fault' in ids) return ids;
  const groupId = readId(of.item['groupId'], 'groupId');
  if ('fault' in groupId) return groupId;
  if (groupId.value === null) return faulty('invalid_event', 'groupId must be given');
  if (of.options.isBlocked(groupId.value)) return faulty('blocked_id', 'groupId stands for nothing');
  const traits = readTraits(of.item['traits'], 'traits');
  if ('fault' in traits) return traits;
  const account = { groupId: groupId.value, ...(traits.value === null ? {} : { traits: traits.value }) };
  return found({ name: 'group', kind: 'group', ...ids.value, accounts: [account] });
};

const readAlias: ReadCall = (of) => {
  const ids = aliasIdsOf(of.item, of.options, of.tally);
  return 'fault' in ids ? ids : found({ name: 'alias', kind: 'alias', ...ids.value });
};

/** How each kind of call is read. */
export const READ_CALLS: { readonly [kind in EventKind]: ReadCall } = {
  track: readTrack,
  page: readPage('page'),
  screen: readPage('screen'),
  identify: readIdentify,
  group: readGroup,
  alias: readAlias,
};
