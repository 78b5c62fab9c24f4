import type { Sql } from './connect';
import { rowsOf } from './connect';

export const DELIVERY_STATUSES = [
  'pending',
  'retrying',
  'succeeded',
  'dead',
  'skipped',
  'superseded',
] as const;
export type DeliveryStatus = (typeof DELIVERY_STATUSES)[number];

/** Which deliveries are meant; what is absent does not matter. */
export type DeliveryFilter = {
  readonly segmentId?: string | undefined;
  readonly personId?: string | undefined;
  readonly destination?: string | undefined;
  readonly statuses?: readonly DeliveryStatus[] | undefined;
  /** Not older than this (epoch ms). */
  readonly sinceMs?: number | undefined;
};

/** From where, which way and how far; `from` itself is not part of it. */
export type Walk = { readonly order: 'ASC' | 'DESC'; readonly from: string | null; readonly limit: number };

const ENDS = {
  ASC: { first: '00000000-0000-0000-0000-000000000000', beyond: '>' },
  DESC: { first: 'ffffffff-ffff-ffff-ffff-ffffffffffff', beyond: '<' },
} as const;

// The destinations that there are, by a loose scan of the index: one descent each.
const KINDS = `
  WITH RECURSIVE kind AS (
    (SELECT destination FROM delivery ORDER BY destination LIMIT 1)
    UNION ALL
    SELECT (SELECT o.destination FROM delivery o WHERE o.destination > kind.destination ORDER BY o.destination LIMIT 1)
      FROM kind WHERE kind.destination IS NOT NULL)
  SELECT destination FROM kind WHERE destination IS NOT NULL`;

/**
 * The ids of deliveries in the order of their ids, one page of them: a scalar statement, with its parameters from `$1`.
 *
 * Rows of one destination and status lie in the index in that order, those of several do not: a page is read of each
 * combination and the pages are merged, so that no filter, however rare what it looks for, reads more than pages.
 */
export function walkDeliveries(
  filter: DeliveryFilter,
  { order, from, limit }: Walk,
): { readonly text: string; readonly values: readonly (string | number)[] } {
  const { first, beyond } = ENDS[order];
  const values: (string | number)[] = [from ?? first, limit];
  const take = (value: string | number, type: string): string => `$${values.push(value)}::${type}`;
  const { segmentId, personId, destination, statuses, sinceMs } = filter;
  const conditions = [`d.id ${beyond} $1::uuid`];
  if (segmentId !== undefined) conditions.push(`d.segment_id = ${take(segmentId, 'uuid')}`);
  if (personId !== undefined) conditions.push(`d.person_id = ${take(personId, 'uuid')}`);
  if (sinceMs !== undefined)
    conditions.push(`d.created_at >= to_timestamp(${take(sinceMs, 'float8')} / 1000)`);
  const pageOf = (where: readonly string[]): string =>
    `SELECT d.id FROM delivery d WHERE ${where.join(' AND ')} ORDER BY d.id ${order} LIMIT $2::int`;

  const isPlain = segmentId === undefined && destination === undefined && statuses === undefined;
  const statusList = `ARRAY[${(statuses ?? DELIVERY_STATUSES).map((status) => `'${status}'`).join(', ')}]`;
  if (isPlain || personId !== undefined) {
    if (destination !== undefined) conditions.push(`d.destination = ${take(destination, 'text')}`);
    if (statuses !== undefined) conditions.push(`d.status = ANY(${statusList})`);
    return { text: pageOf(conditions), values };
  }
  const kinds = destination === undefined ? KINDS : `SELECT ${take(destination, 'text')} AS destination`;
  const page = pageOf([...conditions, 'd.destination = kind.destination', 'd.status = one.status']);
  const text = `SELECT page.id FROM (${kinds}) kind CROSS JOIN unnest(${statusList}) one(status)
    CROSS JOIN LATERAL (${page}) page ORDER BY page.id ${order} LIMIT $2::int`;
  return { text, values };
}

/** A delivery that something is to be done about, and what it must be locked by. */
export type WalkedDelivery = {
  readonly id: string;
  readonly personId: string;
  readonly stateKey: string | null;
};

/** The next deliveries, oldest first. @param after the id of the last one before */
export async function nextDeliveries(
  sql: Sql,
  filter: DeliveryFilter,
  { after, limit }: { readonly after: string | null; readonly limit: number },
): Promise<WalkedDelivery[]> {
  const { text, values } = walkDeliveries(filter, { order: 'ASC', from: after, limit });
  return rowsOf<WalkedDelivery>(
    sql,
    `SELECT d.id, d.person_id AS "personId", d.state_key AS "stateKey"
       FROM (${text}) page JOIN delivery d ON d.id = page.id ORDER BY d.id`,
    ...values,
  );
}
