import { z } from 'zod';
import { type EngineEvent, SUBSCRIPTION_EVENT, type SubscriptionUpdate } from './event';
import { isStorable } from './text';
import { timestampSchema } from './timestamp';

const text = (max: number) =>
  z
    .string('must be a string')
    .min(1, 'must not be empty')
    .max(max, `must have at most ${max} characters`)
    .refine(isStorable, 'must not contain U+0000 or unpaired surrogates');

/** A subscription's state as clients send it; `mrr` in minor units (cents) a month. A missing field is null. */
export const subscriptionStateSchema = z.object({
  status: text(100),
  planName: text(200).nullish(),
  mrr: z
    .number('must be a number of minor units, e.g. cents')
    .int('must be a whole number of minor units, e.g. cents')
    .min(0, 'must not be negative')
    .nullish(),
  currency: text(10).nullish(),
  occurredAt: timestampSchema.nullish(),
});

/** The properties of a `subscription_updated` event. */
export const subscriptionPropertiesSchema = subscriptionStateSchema.extend({ subscriptionId: text(200) });

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
