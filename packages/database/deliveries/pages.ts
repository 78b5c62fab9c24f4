import { rowsOf, type Sql } from '../connection/sql';
import { FIRST_UUID, LAST_UUID } from '../connection/uuids';

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

// The existing destinations, by a loose scan of the index: one descent for each.
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
 * Rows of one destination and status lie in the index in that order, those of several do not: a page of each combination
 * is read and the pages are merged, so that no filter reads more than pages, however rare its rows are.
 */
export function walkDeliveries(
  filter: DeliveryFilter,
  { order, from, limit }: Walk,
): { readonly text: string; readonly values: readonly (string | number)[] } {
  const ends = order === 'ASC' ? [from ?? FIRST_UUID, LAST_UUID] : [FIRST_UUID, from ?? LAST_UUID];
  const values: (string | number)[] = [...ends, limit];
  const take = (value: string | number, type: string): string => `$${values.push(value)}::${type}`;
  const { segmentId, personId, destination, statuses, sinceMs } = filter;
  const others: string[] = [];
  if (sinceMs !== undefined) others.push(`d.created_at >= to_timestamp(${take(sinceMs, 'float8')} / 1000)`);
  const segment = segmentId === undefined ? [] : [{ column: 'd.segment_id', value: take(segmentId, 'uuid') }];
  const statusList = `ARRAY[${(statuses ?? DELIVERY_STATUSES).map((status) => `'${status}'`).join(', ')}]`;

  const isPlain = segmentId === undefined && destination === undefined && statuses === undefined;
  if (isPlain || personId !== undefined) {
    const person = personId === undefined ? [] : [{ column: 'd.person_id', value: take(personId, 'uuid') }];
    others.push(...segment.map(({ column, value }) => `${column} = ${value}`));
    if (destination !== undefined) others.push(`d.destination = ${take(destination, 'text')}`);
    if (statuses !== undefined) others.push(`d.status = ANY(${statusList})`);
    return { text: pageOf(person, others, order), values };
  }
  const kinds = destination === undefined ? KINDS : `SELECT ${take(destination, 'text')} AS destination`;
  const prefix = [
    ...segment,
    { column: 'd.destination', value: 'kind.destination' },
    { column: 'd.status', value: 'one.status' },
  ];
  const text = `SELECT page.id FROM (${kinds}) kind CROSS JOIN unnest(${statusList}) one(status)
    CROSS JOIN LATERAL (${pageOf(prefix, others, order)}) page ORDER BY page.id ${order} LIMIT $3::int`;
  return { text, values };
}

type Fixed = { readonly column: string; readonly value: string };

/**
 * The next ids between `$1` and `$2` of the rows with the same prefix. Rows are compared in the order of all their
 * columns: from `prefix = value ... ORDER BY id` the planner may make a filtering walk along the primary key, which reads
 * the table for a rare status.
 */
function pageOf(prefix: readonly Fixed[], others: readonly string[], order: Walk['order']): string {
  const columns = [...prefix.map(({ column }) => column), 'd.id'];
  const row = (id: string): string => `(${[...prefix.map(({ value }) => value), id].join(', ')})`;
  const between = [
    `(${columns.join(', ')}) > ${row('$1::uuid')}`,
    `(${columns.join(', ')}) < ${row('$2::uuid')}`,
  ];
  return `SELECT d.id FROM delivery d WHERE ${[...between, ...others].join(' AND ')}
    ORDER BY ${columns.map((column) => `${column} ${order}`).join(', ')} LIMIT $3::int`;
}

/**
 * The columns of one delivery `d`, for a lateral join. The limit matters: a plain join may become a merge along the
 * whole primary key, for the planner expects a tenth of the table from a page whose length is a parameter.
 */
export function deliveryOf(id: string, columns: string): string {
  return `SELECT ${columns} FROM delivery d WHERE d.id = ${id} LIMIT 1`;
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
  const one = deliveryOf('page.id', `d.id, d.person_id AS "personId", d.state_key AS "stateKey"`);
  return rowsOf<WalkedDelivery>(
    sql,
    `SELECT found.* FROM (${text}) page CROSS JOIN LATERAL (${one}) found ORDER BY page.id`,
    ...values,
  );
}
