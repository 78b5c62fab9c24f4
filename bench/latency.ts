import { Client } from 'pg';
import type { PostedEvent } from './load';
import type { Post } from './post';

/** Milliseconds at which so much of the sample is done. */
export type Percentiles = { readonly p50: number; readonly p99: number; readonly count: number };

export function percentiles(values: readonly number[]): Percentiles {
  const sorted = [...values].sort((a, b) => a - b);
  const at = (share: number): number =>
    sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? NaN;
  return { p50: at(0.5), p99: at(0.99), count: sorted.length };
}

/** Watches a segment for entries: when each person's entry was committed, as another connection is told of it. */
async function watch(databaseUrl: string, segmentId: string) {
  const client = new Client({ connectionString: databaseUrl });
  await client.connect();
  // A notification is sent by the commit. The trigger fires for the watched segment only.
  await client.query(`
    CREATE OR REPLACE FUNCTION bench_tell() RETURNS trigger LANGUAGE plpgsql AS $$
      BEGIN PERFORM pg_notify('bench', (SELECT value FROM identity WHERE person_id = NEW.person_id)); RETURN NULL; END $$;
    CREATE OR REPLACE TRIGGER bench_tell AFTER INSERT ON segment_membership FOR EACH ROW
      WHEN (NEW.segment_id = '${segmentId}') EXECUTE FUNCTION bench_tell();
    LISTEN bench`);
  const seenAt = new Map<string, number>();
  client.on('notification', ({ payload }) => {
    if (payload !== undefined) seenAt.set(payload, performance.now());
  });
  return { seenAt, stop: () => client.end() };
}

export type LatencyRun = {
  readonly databaseUrl: string;
  readonly post: Post;
  /** A segment that the events named `bench_probe` enter. */
  readonly segmentId: string;
  /** Users who are there and not in the segment: the probes, one each. */
  readonly users: readonly string[];
  /** Single requests a second; every tenth is a probe. */
  readonly rate: number;
  readonly seconds: number;
  readonly background: readonly PostedEvent[];
};

/** POST-to-committed-transition (ms) at an offered load: requests are sent on time, however long the answers take. */
export async function measureLatency({
  databaseUrl,
  post,
  segmentId,
  users,
  rate,
  seconds,
  background,
}: LatencyRun): Promise<Percentiles> {
  const watched = await watch(databaseUrl, segmentId);
  const sentAt = new Map<string, number>();
  const answers: Promise<number>[] = [];
  const startedAt = performance.now();
  const total = Math.floor(rate * seconds);
  for (let index = 0; index < total;) {
    const due = Math.min(total, Math.floor(((performance.now() - startedAt) / 1000) * rate));
    for (; index < due; index += 1) {
      const ordinary = background[index % background.length];
      const userId = index % 10 === 0 ? users[index / 10] : undefined;
      if (userId !== undefined) sentAt.set(userId, performance.now());
      const load = { ...ordinary, messageId: `load-${rate}-${index}` };
      answers.push(
        post('/api/growth/events', userId === undefined ? load : { event: 'bench_probe', userId }),
      );
    }
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  await Promise.all(answers);
  const giveUpAt = performance.now() + 20_000;
  while (watched.seenAt.size < sentAt.size && performance.now() < giveUpAt)
    await new Promise((resolve) => setTimeout(resolve, 10));
  await watched.stop();
  const latencies = [...sentAt].map(([userId, sent]) => (watched.seenAt.get(userId) ?? Infinity) - sent);
  return percentiles(latencies);
}
