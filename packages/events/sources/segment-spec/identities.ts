import type { JsonObject } from '../../event';
import type { IncomingEvent } from '../../incoming';
import { faulty, type Field, found } from '../field';
import type { SourceOptions } from '../options';
import { readId } from '../read-fields';
import type { Tally } from '../take-items';

/** An id that may stand for somebody. `isBlocked`: it was given, but stands for nobody. */
type UsableId = { readonly id: string | null; readonly isBlocked: boolean };

/** Reads an id and leaves out, and counts, one that stands for nobody. */
function usableId(
  item: JsonObject,
  kind: keyof Tally['blockedIds'],
  options: SourceOptions,
  tally: Tally,
): Field<UsableId> {
  const field = readId(item[kind], kind);
  if ('fault' in field) return field;
  const id = field.value;
  if (id === null || !options.isBlocked(id)) return found({ id, isBlocked: false });
  tally.blockedIds[kind] += 1;
  return found({ id: null, isBlocked: true });
}

/** Whose an item is: at least one of both, or why it is nobody's. */
export function identitiesOf(
  item: JsonObject,
  options: SourceOptions,
  tally: Tally,
): Field<Pick<IncomingEvent, 'userId' | 'anonymousId'>> {
  const user = usableId(item, 'userId', options, tally);
  if ('fault' in user) return user;
  const visitor = usableId(item, 'anonymousId', options, tally);
  if ('fault' in visitor) return visitor;
  if (user.value.id === null && visitor.value.id === null) {
    return user.value.isBlocked || visitor.value.isBlocked
      ? faulty('blocked_id', 'userId and anonymousId stand for nobody')
      : faulty('no_identity', 'userId or anonymousId must be given');
  }
  return found({
    ...(user.value.id === null ? {} : { userId: user.value.id }),
    ...(visitor.value.id === null ? {} : { anonymousId: visitor.value.id }),
  });
}

/** The two ids that an alias makes one, and the visitor that it came from. */
export function aliasIdsOf(
  item: JsonObject,
  options: SourceOptions,
  tally: Tally,
): Field<Pick<IncomingEvent, 'userId' | 'anonymousId' | 'previousId'>> {
  const user = usableId(item, 'userId', options, tally);
  if ('fault' in user) return user;
  const previous = usableId(item, 'previousId', options, tally);
  if ('fault' in previous) return previous;
  const visitor = usableId(item, 'anonymousId', options, tally);
  if ('fault' in visitor) return visitor;
  if (user.value.isBlocked || previous.value.isBlocked) {
    return faulty('blocked_id', `${user.value.isBlocked ? 'userId' : 'previousId'} stands for nobody`);
  }
  if (user.value.id === null) return faulty('no_identity', 'userId must be given');
  if (previous.value.id === null) return faulty('invalid_event', 'previousId must be given');
  return found({
    userId: user.value.id,
    previousId: previous.value.id,
    ...(visitor.value.id === null ? {} : { anonymousId: visitor.value.id }),
  });
}
