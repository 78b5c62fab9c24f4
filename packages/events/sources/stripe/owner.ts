import { normaliseEmail } from '../../contacts';
import type { IsBlockedId } from '../../identities/blocked-ids';
import type { IncomingEvent } from '../../incoming';
import { nameSchema } from '../../text';
import { at, textOf } from '../reading';
import { expanded, type KnownObject } from './known-objects';

/** Whose an event is: what there is of these identifies, in this order. */
export type StripeOwner = Pick<IncomingEvent, 'userId' | 'customerId' | 'email'>;

/** What the owner is read from; the first usable id of a user counts. */
export type OwnerSource = {
  /** Ids that clients gave: Stripe hands them on unread. */
  readonly userIds: readonly unknown[];
  /** A customer, expanded or by its id. */
  readonly customer: unknown;
  readonly email?: unknown;
};

/** The ids of our user that clients put into an object's metadata. */
export const userIdsIn = (object: unknown): unknown[] => [
  at(object, 'metadata', 'userId'),
  at(object, 'metadata', 'user_id'),
];

function usable(isBlocked: IsBlockedId): (id: unknown) => id is string {
  return (id): id is string => nameSchema.safeParse(id).success && !isBlocked(String(id));
}

/** Null where an event names nobody at all. */
export function ownerOf(source: OwnerSource, known: KnownObject, isBlocked: IsBlockedId): StripeOwner | null {
  const customer = expanded(source.customer, 'customer', known);
  const userId = [...source.userIds, ...userIdsIn(customer?.object)].find(usable(isBlocked));
  const email = normaliseEmail(textOf(source.email) ?? at(customer?.object, 'email'));
  if (userId === undefined && customer === null && email === null) return null;
  return {
    ...(userId === undefined ? {} : { userId }),
    ...(customer === null ? {} : { customerId: `stripe:${customer.id}` }),
    ...(email === null ? {} : { email }),
  };
}
