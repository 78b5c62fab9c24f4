import { z } from 'zod';
import { type EngineEvent, SUBSCRIPTION_EVENT, type SubscriptionUpdate } from './event';
import { CURRENCY_CHARS_MAX, STATUS_CHARS_MAX } from './limits';
import { nameSchema, plainText } from './text';
import { timestampSchema } from './timestamp';

/** A subscription's state as clients send it; `mrr` in minor units (cents) a month. A missing field is null. */
export const subscriptionStateSchema = z.object({
  status: plainText(STATUS_CHARS_MAX),
  planName: nameSchema.nullish(),
  mrr: z
    .number('must be a number of minor units, e.g. cents')
    .int('must be a whole number of minor units, e.g. cents')
    .min(0, 'must not be negative')
    .nullish(),
  currency: plainText(CURRENCY_CHARS_MAX).nullish(),
  occurredAt: timestampSchema.nullish(),
});

/** The properties of a `subscription_updated` event. */
export const subscriptionPropertiesSchema = subscriptionStateSchema.extend({ subscriptionId: nameSchema });

/**
 * The state that a `subscription_updated` event carries, null for any other event. Its time defaults to the event's
 * and is, like the event's, never later than the receipt.
 */
export function subscriptionOf(event: EngineEvent): SubscriptionUpdate | null {
  if (event.name !== SUBSCRIPTION_EVENT) return null;
  const parsed = subscriptionPropertiesSchema.safeParse(event.properties ?? {});
  if (!parsed.success) return null;
  const { subscriptionId, status, planName, mrr, currency, occurredAt } = parsed.data;
  return {
    subscriptionId,
    status,
    planName: planName ?? null,
    mrr: mrr ?? null,
    currency: currency ?? null,
    occurredAt: Math.min(occurredAt ?? event.occurredAt, event.receivedAt),
  };
}
