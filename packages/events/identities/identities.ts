import { normaliseEmail } from '../contacts';
import type { IncomingEvent } from '../incoming';
import type { IsBlockedId } from './blocked-ids';

/** The identities of an event that may find, link and merge people. An id that stands for nobody is not among them. */
export type Identities = {
  readonly personId: string | null;
  readonly userId: string | null;
  readonly anonymousId: string | null;
  readonly customerId: string | null;
  /** See `IncomingEvent.previousId`. */
  readonly previousId: string | null;
  readonly isAlias: boolean;
  /** The address that identifies where there is no id of a person. */
  readonly email: string | null;
  /** The address that the event gives its person. */
  readonly traitEmail: string | null;
  /** The only id of the event stands for nobody: it finds a person, but joins no others to them. */
  readonly isAlone: boolean;
  readonly fromBrowser: boolean;
  readonly onlyIfKnown: boolean;
};

/** An id of a person, by its kind. Ids compare byte by byte. */
export type IdentityLink = { readonly kind: 'userId' | 'anonymousId' | 'customerId'; readonly value: string };

/**
 * What of an event's identities counts. Null for an alias of an id that stands for nobody: it says nothing.
 */
export function identitiesOf(event: IncomingEvent, isBlocked: IsBlockedId): Identities | null {
  const usable = (id: string | undefined): string | null => (id === undefined || isBlocked(id) ? null : id);
  const { personId = null, customerId = null, email = null } = event;
  const userId = usable(event.userId);
  const anonymousId = usable(event.anonymousId);
  const previousId = usable(event.previousId);
  const isAlias = event.kind === 'alias';
  if (isAlias && (userId === null || previousId === null)) return null;
  const common = {
    personId,
    customerId,
    isAlias,
    email,
    fromBrowser: event.fromBrowser === true,
    onlyIfKnown: event.onlyIfKnown === true,
  };
  const isNobodys = userId === null && anonymousId === null && (personId ?? customerId ?? email) === null;
  if (isNobodys && previousId === null) {
    const lone = {
      userId: event.userId ?? null,
      anonymousId: event.userId ? null : (event.anonymousId ?? null),
    };
    return { ...common, ...lone, previousId: null, traitEmail: null, isAlone: true };
  }
  const traitEmail = normaliseEmail(event.traits?.['email']);
  return { ...common, userId, anonymousId, previousId, traitEmail, isAlone: false };
}
