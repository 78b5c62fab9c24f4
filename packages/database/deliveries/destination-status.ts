import type { Models } from '../connection/models';
import { oneRowOf, type Sql } from '../connection/sql';

/** A kind of destination, as the dispatcher that started last knows it. */
export type DestinationRow = {
  readonly destination: string;
  readonly isConfigured: boolean;
  /** Why it is not configured. */
  readonly reason: string | null;
};

/** Tells everybody whether a destination can be sent to. */
export async function announceDestination(
  sql: Sql,
  { destination, isConfigured, reason }: DestinationRow,
): Promise<void> {
  await sql.$executeRawUnsafe(
    `INSERT INTO delivery_destination (destination, is_configured, reason) VALUES ($1, $2::bool, $3)
     ON CONFLICT (destination) DO UPDATE SET is_configured = excluded.is_configured, reason = excluded.reason`,
    destination,
    isConfigured,
    reason,
  );
}

export async function listDestinations(models: Models): Promise<DestinationRow[]> {
  return models.deliveryDestination.findMany({ orderBy: { destination: 'asc' }, omit: { nextAt: true } });
}

/**
 * Takes the next place in the line of a destination that all processes stand in.
 * @param spacingMs how far apart the places are
 * @returns how long to wait for it (ms)
 */
export async function takePlace(sql: Sql, destination: string, spacingMs: number): Promise<number> {
  const { waitMs } = await oneRowOf<{ waitMs: number }>(
    sql,
    `INSERT INTO delivery_destination AS d (destination, is_configured, next_at)
     VALUES ($1, true, clock_timestamp() + $2::float8 * interval '1 millisecond')
     ON CONFLICT (destination) DO UPDATE
       SET next_at = greatest(d.next_at, clock_timestamp()) + $2::float8 * interval '1 millisecond'
     RETURNING greatest(0, date_part('epoch', next_at - clock_timestamp()) * 1000 - $2::float8) AS "waitMs"`,
    destination,
    spacingMs,
  );
  return waitMs;
}
