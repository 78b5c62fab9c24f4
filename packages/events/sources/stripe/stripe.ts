import type { JsonObject } from '../../event';
import type { IsBlockedId } from '../../identities/blocked-ids';
import type { IncomingEvent } from '../../incoming';
import type { Receipt } from '../../sequence';
import { placeEvents } from '../place-events';
import { at, millisecondsOf, objectOf, textOf } from '../reading';
import {
  checkoutEvents,
  customerEvents,
  invoiceEvents,
  type StripeContext,
  subscriptionEvents,
} from './events';
import { type KnownObject, knownObjectOf, type StripeObject } from './known-objects';
import { thinNotificationOf, type ThinNotification } from './thin';

/** What an installation knows and wants, beside the body. */
export type StripeOptions = {
  readonly receipt: Receipt;
  readonly known: KnownObject;
  readonly isBlocked: IsBlockedId;
  readonly withTraits?: boolean;
  /** Whether events of connected accounts are taken. */
  readonly withConnect?: boolean;
};

/** What a verified body of Stripe's became. */
export type StripeOutcome =
  | {
      readonly kind: 'taken';
      readonly events: readonly IncomingEvent[];
      /** To be kept for later events; it may name open subscriptions anew (`renamedPlan`). */
      readonly object: StripeObject | null;
    }
  /** Nothing is in it: the object has to be fetched, with a key. */
  | { readonly kind: 'thin'; readonly notification: ThinNotification }
  /** Nothing of it concerns us, or it is no event. */
  | { readonly kind: 'ignored'; readonly reason: 'type' | 'connect' | 'unreadable' };

function eventsOf(object: JsonObject, context: StripeContext): readonly IncomingEvent[] | null {
  const { type } = context.moment;
  if (type.startsWith('customer.subscription.')) return subscriptionEvents(object, context);
  switch (type) {
    case 'customer.created':
    case 'customer.updated':
      return customerEvents(object, context);
    case 'checkout.session.completed':
      return checkoutEvents(object, context);
    case 'invoice.paid':
    case 'invoice.payment_failed':
      return invoiceEvents(object, context);
    default:
      return null;
  }
}

/**
 * What a Stripe event says of people and their subscriptions. The signature has been verified before. Everything is read
 * tolerantly: the endpoint's API version, years old or new, makes the shape of the body.
 */
export function fromStripe(body: unknown, options: StripeOptions): StripeOutcome {
  const { withConnect = false, withTraits = false, receipt, known, isBlocked } = options;
  const notification = thinNotificationOf(body);
  const account = notification === null ? textOf(at(body, 'account')) : notification.account;
  if (account !== null && !withConnect) return { kind: 'ignored', reason: 'connect' };
  if (notification !== null) return { kind: 'thin', notification };

  const eventId = textOf(at(body, 'id'));
  const type = textOf(at(body, 'type'));
  const atMs = millisecondsOf(at(body, 'created'));
  const object = objectOf(at(body, 'data', 'object'));
  if (eventId === null || type === null || atMs === null || object === null) {
    return { kind: 'ignored', reason: 'unreadable' };
  }
  const previous = objectOf(at(body, 'data', 'previous_attributes'));
  const moment = { type, eventId, at: atMs };
  const context = { moment, receivedAt: receipt.atMs, known, isBlocked, withTraits, previous };
  const kept = knownObjectOf(type, object, atMs, eventId);
  const events = eventsOf(object, context);
  if (events === null && kept === null) return { kind: 'ignored', reason: 'type' };
  const dated = (events ?? []).map((event) => ({ event, leadMs: 0 }));
  return { kind: 'taken', events: placeEvents(dated, receipt), object: kept };
}
