import type { JsonObject } from '../../event';
import type { IncomingEvent } from '../../incoming';
import { faulty, type Field, found } from '../field';
import type { SourceOptions } from '../options';
import { readId } from '../read-fields';
import { at } from '../reading';
import type { Tally } from '../take-items';

/** Whose an item is. */
export type PosthogIds = Pick<IncomingEvent, 'userId' | 'anonymousId' | 'previousId'>;

/** The item's own distinct id: browsers have it among the properties. */
export const distinctIdOf = (item: JsonObject): unknown =>
  item['distinct_id'] ?? at(item, 'properties', 'distinct_id');

/** An id that PostHog's browser made for a visitor, and not a user's. */
function isVisitor(item: JsonObject, distinctId: string): boolean {
  return (
    at(item, 'properties', '$is_identified') === false || at(item, 'properties', '$device_id') === distinctId
  );
}

function readDistinctId(item: JsonObject): Field<string> {
  const field = readId(distinctIdOf(item), 'distinct_id');
  if ('fault' in field) return field;
  return field.value === null ? faulty('no_identity', 'distinct_id must be given') : found(field.value);
}

/** The ids of what somebody did. An id that stands for nobody makes an ordinary person here, as PostHog has it. */
export function doerOf(item: JsonObject, options: SourceOptions, tally: Tally): Field<PosthogIds> {
  const field = readDistinctId(item);
  if ('fault' in field) return field;
  const kind = isVisitor(item, field.value) ? 'anonymousId' : 'userId';
  if (options.isBlocked(field.value)) tally.blockedIds[kind] += 1;
  return found({ [kind]: field.value });
}

/** `$identify`: the user, and the id that they had as a visitor. */
export function identifiedOf(item: JsonObject, options: SourceOptions, tally: Tally): Field<PosthogIds> {
  const user = readDistinctId(item);
  if ('fault' in user) return user;
  const visitor = readId(at(item, 'properties', '$anon_distinct_id'), 'properties.$anon_distinct_id');
  if ('fault' in visitor) return visitor;
  const isVisitorBlocked = visitor.value !== null && options.isBlocked(visitor.value);
  const isUserBlocked = options.isBlocked(user.value);
  if (isVisitorBlocked) tally.blockedIds.previousId += 1;
  if (isUserBlocked) tally.blockedIds.userId += 1;
  if (visitor.value === null || isVisitorBlocked || visitor.value === user.value)
    return found({ userId: user.value });
  return isUserBlocked
    ? found({ anonymousId: visitor.value })
    : found({ userId: user.value, previousId: visitor.value });
}

/** `$create_alias`: the two ids that are one person's. */
export function aliasedOf(item: JsonObject, options: SourceOptions, tally: Tally): Field<PosthogIds> {
  const user = readDistinctId(item);
  if ('fault' in user) return user;
  const alias = readId(at(item, 'properties', 'alias'), 'properties.alias');
  if ('fault' in alias) return alias;
  if (alias.value === null) return faulty('invalid_event', 'properties.alias must be given');
  if (options.isBlocked(user.value)) {
    tally.blockedIds.userId += 1;
    return faulty('blocked_id', 'distinct_id stands for nobody');
  }
  if (options.isBlocked(alias.value)) {
    tally.blockedIds.previousId += 1;
    return faulty('blocked_id', 'properties.alias stands for nobody');
  }
  return found({ userId: user.value, previousId: alias.value });
}
