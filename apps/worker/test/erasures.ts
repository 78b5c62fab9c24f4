import type { SegmentEngineClient } from '#client';
import type { Database } from '#database';
import { waitFor } from '#testkit';

// What is asked about erasures.

/** Tables, and BullMQ's where it is there, in which a text stands anywhere. */
export async function tablesWith(db: Database, text: string): Promise<string[]> {
  const tables = await db.$queryRawUnsafe<{ name: string }[]>(
    `SELECT format('%I.%I', schemaname, tablename) AS name FROM pg_tables WHERE schemaname IN ('public', 'bullmq') ORDER BY 1`,
  );
  const found: string[] = [];
  for (const { name } of tables) {
    const rows = await db.$queryRawUnsafe<unknown[]>(
      `SELECT 1 FROM ${name} t WHERE t::text LIKE $1 LIMIT 1`,
      `%${text}%`,
    );
    if (rows.length > 0) found.push(name);
  }
  return found;
}

/** Waits for the end of an erasure. */
export async function erased(client: SegmentEngineClient, id: string): Promise<void> {
  const isDone = async () => (await client.getErasure(id)).erasure.status === 'completed';
  await waitFor(isDone, { timeoutMs: 30_000, what: 'the end of the erasure' });
}
