import type { Database } from '#database';
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

const POLL_MS = 2;

/** Watches a segment for entries: when each person was first seen in it by another connection, so committed. */
function watch(
  db: Database,
  segmentId: string,
): { readonly seenAt: Map<string, number>; readonly stop: () => Promise<void> } {
  const seenAt = new Map<string, number>();
  let stopped = false;
  const loop = async (): Promise<void> => {
    let last = (await db.segmentMembership.aggregate({ _max: { id: true } }))._max.id ?? 0n;
    while (!stopped) {
      const rows = await db.$queryRawUnsafe<{ id: bigint; value: string }[]>(
        `SELECT m.id, i.value FROM segment_membership m JOIN identity i ON i.person_id = m.person_id
          WHERE m.id > $1 AND m.segment_id = $2::uuid ORDER BY m.id`,
        last - 2000n,
        segmentId,
      );
      const now = performance.now();
      for (const { id, value } of rows) {
        if (!seenAt.has(value)) seenAt.set(value, now);
        if (id > last) last = id;
      }
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    }
  };
  const ended = loop();
  return {
    seenAt,
    stop: async () => {
      stopped = true;
      await ended;
    },
  };
}

export type LatencyRun = {
  readonly db: Database;
  readonly post: Post;
  /** A segment that the events named `bench_probe` enter. */
  readonly segmentId: string;
  /** Single requests a second, of which every tenth is a probe. */
  readonly rate: number;
  readonly seconds: number;
  readonly background: readonly PostedEvent[];
};

/** POST-to-committed-transition (ms) at an offered load: requests are sent on time, whatever the answers take. */
export async function measureLatency({
  db,
  post,
  segmentId,
  rate,
  seconds,
  background,
}: LatencyRun): Promise<Percentiles> {
  const watched = watch(db, segmentId);
  const sentAt = new Map<string, number>();
  const answers: Promise<number>[] = [];
  const startedAt = performance.now();
  const total = Math.floor(rate * seconds);
  for (let index = 0; index < total;) {
    const due = Math.min(total, Math.floor(((performance.now() - startedAt) / 1000) * rate));
    for (; index < due; index += 1) {
      const ordinary = background[index % background.length];
      const userId = `probe-${rate}-${index}`;
      const isProbe = index % 10 === 0 || ordinary === undefined;
      if (isProbe) sentAt.set(userId, performance.now());
      const event = isProbe ? { event: 'bench_probe', userId } : { ...ordinary, messageId: `${userId}-load` };
      answers.push(post('/api/growth/events', event));
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
