import { normaliseEmail } from '../../contacts';
import { type JsonObject, SUBSCRIPTION_EVENT } from '../../event';
import type { SubscriptionState } from '../../billing/subscription-state';
import type { IsBlockedId } from '../../identities/blocked-ids';
import type { IncomingEvent } from '../../incoming';
import { cleanObject } from '../../text';
import { at, given, textOf } from '../reading';
import type { KnownObject } from './known-objects';
import { ownerOf, type OwnerSource, userIdsIn } from './owner';
import { type StripeMoment, stripeStateOf } from './state';

/** What a mapping of one event has at hand. */
export type StripeContext = {
  readonly moment: StripeMoment;
  readonly receivedAt: number;
  readonly known: KnownObject;
  readonly isBlocked: IsBlockedId;
  /** Whether a customer's name and phone become traits of the person. */
  readonly withTraits: boolean;
  /** Fields that the event changed, with what they were; null where it does not say. */
  readonly previous: JsonObject | null;
};

type Part = Pick<IncomingEvent, 'name'> &
  Partial<Pick<IncomingEvent, 'kind' | 'properties' | 'traits' | 'subscription'>>;

function eventOf(part: Part, owner: OwnerSource, context: StripeContext, suffix = ''): IncomingEvent[] {
  const { moment, receivedAt, known, isBlocked } = context;
  const identities = ownerOf(owner, known, isBlocked);
  if (identities === null) return [];
  const occurredAt = Math.min(moment.at, receivedAt);
  return [{ messageId: `stripe:${moment.eventId}${suffix}`, ...identities, occurredAt, receivedAt, ...part }];
}

const isoOf = (instant: number | null): string | null =>
  instant === null ? null : new Date(instant).toISOString();

/** A state as the properties of its event: what people see in the history. */
function stateProperties(state: SubscriptionState): JsonObject {
  const { subscriptionId, status, planName, mrr, currency, mrrEstimated, cancelAt, trialEndsAt } = state;
  return given({
    subscriptionId,
    status,
    planName,
    mrr,
    currency,
    mrrEstimated: mrrEstimated ? true : null,
    cancelAt: isoOf(cancelAt),
    trialEndsAt: isoOf(trialEndsAt),
  });
}

/** Any event of a subscription has the subscription whole. */
export function subscriptionEvents(object: JsonObject, context: StripeContext): IncomingEvent[] {
  const state = stripeStateOf(object, context.moment, context.known);
  if (state === null) return [];
  const owner = { userIds: userIdsIn(object), customer: object['customer'] };
  const part = { name: SUBSCRIPTION_EVENT, properties: stateProperties(state), subscription: state };
  const events = eventOf(part, owner, context);
  if (context.moment.type !== 'customer.subscription.trial_will_end') return events;
  const { subscriptionId, planName, trialEndsAt } = state;
  const properties = given({ subscriptionId, planName, trialEndsAt: isoOf(trialEndsAt) });
  return [
    ...events,
    ...eventOf({ name: 'subscription_trial_will_end', properties }, owner, context, ':trial'),
  ];
}

/** An update says which fields it changed: the others are not news, and a newer value of ours must not give way. */
function changedTraits(customer: JsonObject, { previous, withTraits }: StripeContext): JsonObject {
  const isNews = (name: string): boolean => previous === null || Object.hasOwn(previous, name);
  const names = ['email', ...(withTraits ? ['name', 'phone'] : [])].filter(isNews);
  const traits = given(Object.fromEntries(names.map((name) => [name, textOf(customer[name])])));
  const email = normaliseEmail(traits['email']);
  return cleanObject(email === null ? traits : { ...traits, email });
}

/** A customer's e-mail address and the user that its metadata name. */
export function customerEvents(object: JsonObject, context: StripeContext): IncomingEvent[] {
  const traits = changedTraits(object, context);
  const part = { name: 'identify', kind: 'identify' as const };
  const owner = { userIds: userIdsIn(object), customer: object };
  return eventOf(Object.keys(traits).length === 0 ? part : { ...part, traits }, owner, context);
}

/** The one place where a page's user and Stripe's customer meet. Without a customer there is nothing to link. */
export function checkoutEvents(object: JsonObject, context: StripeContext): IncomingEvent[] {
  if (textOf(object['customer']) === null && textOf(at(object, 'customer', 'id')) === null) return [];
  const email = textOf(at(object, 'customer_details', 'email')) ?? object['customer_email'];
  const userIds = [object['client_reference_id'], ...userIdsIn(object)];
  return eventOf(
    { name: 'identify', kind: 'identify' },
    { userIds, customer: object['customer'], email },
    context,
  );
}

/** A payment that succeeded or failed; amounts in minor units. */
export function invoiceEvents(object: JsonObject, context: StripeContext): IncomingEvent[] {
  const hasSucceeded = context.moment.type === 'invoice.paid';
  // API 2025-03-31 moved it to the parent.
  const details = at(object, 'parent', 'subscription_details') ?? object['subscription_details'];
  const subscription = at(details, 'subscription') ?? object['subscription'];
  const id = textOf(subscription) ?? textOf(at(subscription, 'id'));
  const amount = object[hasSucceeded ? 'amount_paid' : 'amount_due'];
  const properties = given({
    amount: typeof amount === 'number' ? amount : null,
    currency: textOf(object['currency']),
    billingReason: textOf(object['billing_reason']),
    subscriptionId: id === null ? null : `stripe:${id}`,
  });
  const owner = {
    userIds: userIdsIn(details),
    customer: object['customer'],
    email: object['customer_email'],
  };
  return eventOf(
    {
      name: `subscription_payment_${hasSucceeded ? 'succeeded' : 'failed'}`,
      properties: cleanObject(properties),
    },
    owner,
    context,
  );
}
