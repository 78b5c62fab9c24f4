import type { Cluster, Redis } from 'ioredis';

/** What waits in the `events` queue. */
export type Backlog = { readonly jobs: number; readonly events: number };

/** Jobs at either end of the queue that are looked into, for how many events they carry. */
const SAMPLED = 5;
/** Jobs that are counted one by one in PostgreSQL; how many more there are is estimated from their order. */
const COUNTED_MAX = 2_000;

/** @param sampled how many events each of some jobs carries */
function backlogOf(jobs: number, sampled: readonly number[]): Backlog {
  const sum = sampled.reduce((total, count) => total + count, 0);
  return { jobs, events: sampled.length === 0 ? jobs : Math.round((jobs * sum) / sampled.length) };
}

function eventsIn(data: string | null): number[] {
  const job: unknown = data === null ? null : JSON.parse(data);
  const events: unknown = typeof job === 'object' && job !== null && 'events' in job ? job.events : null;
  return Array.isArray(events) ? [events.length] : [];
}

/** Reads the length of a list, and ten jobs, however long the backlog is. */
export async function redisBacklog(client: Redis | Cluster): Promise<Backlog> {
  const key = (part: string): string => `{events}:events:${part}`;
  const lists = await Promise.all([client.llen(key('wait')), client.llen(key('paused'))]);
  const list = key(lists[0] >= lists[1] ? 'wait' : 'paused');
  const length = Math.max(...lists);
  const [oldest, newest] = await Promise.all([
    client.lrange(list, -SAMPLED, -1),
    length > SAMPLED ? client.lrange(list, 0, Math.min(SAMPLED, length - SAMPLED) - 1) : [],
  ]);
  const data = await Promise.all([...oldest, ...newest].map((id) => client.hget(key(id), 'data')));
  return backlogOf(lists[0] + lists[1], data.flatMap(eventsIn));
}

// Jobs are in the order of `seq`, which all queues share: among those that wait, the density is that of the first ones.
const WAITING = `FROM job WHERE queue = 'events' AND state = 'waiting' AND priority = 0`;
const POSTGRES_BACKLOG = `
  WITH first AS MATERIALIZED (SELECT seq ${WAITING} ORDER BY seq LIMIT ${COUNTED_MAX}),
       counted AS (SELECT count(*) AS jobs, min(seq) AS oldest, max(seq) AS last FROM first),
       newest AS (SELECT max(seq) AS seq ${WAITING}),
       sampled AS (
         (SELECT id, data ${WAITING} ORDER BY seq LIMIT ${SAMPLED}) UNION
         (SELECT id, data ${WAITING} ORDER BY seq DESC LIMIT ${SAMPLED}))
  SELECT CASE WHEN counted.jobs < ${COUNTED_MAX} THEN counted.jobs
              ELSE counted.jobs * (newest.seq - oldest + 1) / (counted.last - oldest + 1) END::float8 AS jobs,
         ARRAY(SELECT jsonb_array_length(data -> 'events') FROM sampled WHERE jsonb_typeof(data -> 'events') = 'array')
           AS sampled
    FROM counted, newest`;

/** @param query runs a statement in BullMQ's schema */
export async function postgresBacklog(
  query: (text: string) => Promise<{ readonly rows: readonly unknown[] }>,
): Promise<Backlog> {
  const { rows } = await query(POSTGRES_BACKLOG);
  const [row] = rows as readonly { jobs: number; sampled: number[] }[];
  return backlogOf(Math.round(row?.jobs ?? 0), row?.sampled ?? []);
}
