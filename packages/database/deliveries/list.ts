import type { Models } from '../connection/models';
import { rowsOf, type Sql } from '../connection/sql';
import { type DeliveryFilter, deliveryOf, type DeliveryStatus, walkDeliveries } from './pages';

/** A delivery as it is shown. */
export type DeliveryRow = {
  readonly id: string;
  readonly segmentId: string;
  readonly personId: string;
  readonly destination: string;
  readonly type: string;
  readonly status: DeliveryStatus;
  readonly reason: string | null;
  readonly createdAt: Date;
  readonly nextAttemptAt: Date | null;
};

const SHOWN = {
  id: true,
  segmentId: true,
  personId: true,
  destination: true,
  type: true,
  status: true,
  reason: true,
  createdAt: true,
  nextAttemptAt: true,
} as const satisfies Record<keyof DeliveryRow, true>;

/** The same, of a row `d`. */
export const DELIVERY_COLUMNS = `d.id, d.segment_id AS "segmentId", d.person_id AS "personId", d.destination, d.type, d.status,
                 d.reason, d.created_at AS "createdAt", d.next_attempt_at AS "nextAttemptAt"`;

/** Deliveries, newest first; one more than the limit, where there is one. @param before an id to go on from */
export async function listDeliveries(
  sql: Sql,
  filter: DeliveryFilter,
  { before, limit }: { readonly before: string | null; readonly limit: number },
): Promise<DeliveryRow[]> {
  const { text, values } = walkDeliveries(filter, { order: 'DESC', from: before, limit: limit + 1 });
  const one = deliveryOf('page.id', DELIVERY_COLUMNS);
  return rowsOf<DeliveryRow>(
    sql,
    `SELECT shown.* FROM (${text}) page CROSS JOIN LATERAL (${one}) shown ORDER BY page.id DESC`,
    ...values,
  );
}

/** @param id a UUID */
export async function findDelivery(models: Models, id: string): Promise<DeliveryRow | null> {
  const row = await models.delivery.findUnique({ where: { id }, select: SHOWN });
  return row as DeliveryRow | null;
}

/** One try of a delivery. */
export type AttemptRow = {
  readonly at: Date;
  /** The HTTP status, null without an answer. */
  readonly status: number | null;
  readonly error: string | null;
  readonly durationMs: number;
  /** At most 16 KB of a webhook receiver's answer. */
  readonly responseBody: string | null;
};

/** The attempts of a delivery, oldest first. */
export async function listAttempts(models: Models, deliveryId: string): Promise<AttemptRow[]> {
  return models.deliveryAttempt.findMany({
    where: { deliveryId },
    orderBy: [{ at: 'asc' }, { id: 'asc' }],
    omit: { id: true, deliveryId: true },
  });
}
