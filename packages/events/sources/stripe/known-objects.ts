import type { JsonObject } from '../../event';
import { at, objectOf, textOf } from '../reading';

/** What Stripe says in one event and means in another. If two have one kind and id, the newest by `at` counts. */
export type StripeObject = {
  readonly kind: 'customer' | 'product' | 'price' | 'coupon' | 'discount';
  readonly id: string;
  /** Epoch milliseconds. */
  readonly at: number;
  readonly eventId: string;
  /** The fields that are read from it, under Stripe's names. */
  readonly object: JsonObject;
};

/** Finds an object that an earlier event told of, null where none did. */
export type KnownObject = (kind: StripeObject['kind'], id: string) => JsonObject | null;

const FIELDS = {
  customer: ['id', 'email', 'metadata'],
  product: ['id', 'name'],
  price: ['id', 'nickname', 'lookup_key', 'product'],
  coupon: ['id', 'percent_off', 'amount_off', 'currency', 'currency_options', 'duration', 'applies_to'],
  discount: ['id', 'coupon', 'source', 'end'],
} as const;

const KIND_OF: readonly (readonly [prefix: string, kind: StripeObject['kind']])[] = [
  ['customer.discount.', 'discount'],
  ['customer.', 'customer'],
  ['product.', 'product'],
  ['price.', 'price'],
  ['coupon.', 'coupon'],
];

/** Deleted coupons and discounts are kept as well: older events still speak of them. */
const TYPES =
  /^(?:customer\.(?:created|updated)|(?:product|price)\.(?:created|updated))$|^(?:customer\.discount|coupon)\./;

/** What an event of some type tells that later ones need, null where there is nothing to keep. */
export function knownObjectOf(
  type: string,
  object: JsonObject,
  atMs: number,
  eventId: string,
): StripeObject | null {
  const kind = TYPES.test(type) ? KIND_OF.find(([prefix]) => type.startsWith(prefix))?.[1] : undefined;
  const id = textOf(object['id']);
  if (kind === undefined || id === null) return null;
  const kept = FIELDS[kind].flatMap((name) => {
    const value = Object.hasOwn(object, name) ? object[name] : undefined;
    return value === undefined ? [] : [[name, value] as const];
  });
  return { kind, id, at: atMs, eventId, object: Object.fromEntries(kept) };
}

/** An object that stands expanded or by its id: its id, and the object where it is at hand. */
export function expanded(
  value: unknown,
  kind: StripeObject['kind'],
  known: KnownObject,
): { readonly id: string; readonly object: JsonObject | null } | null {
  const id = textOf(value) ?? textOf(at(value, 'id'));
  return id === null ? null : { id, object: objectOf(value) ?? known(kind, id) };
}
