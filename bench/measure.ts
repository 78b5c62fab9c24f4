import type { Connection } from '#database';
import { makeClient } from '#client';
import { cpuMsOf } from './cpu';
import type { Engine } from './engine';

/** `cpu`: milliseconds of CPU an event, by process; null where they can't be read. */
export type Rate = { readonly perSecond: number; readonly cpu: Readonly<Record<string, number>> | null };

export type Pids = Readonly<Record<string, readonly number[]>>;

/** Waits until no queue of the worker has anything to do. */
export async function untilIdle(engine: Engine): Promise<void> {
  const client = makeClient({ baseUrl: engine.url });
  for (;;) {
    const { queues } = await client.getQueues();
    const stages = queues.filter(
      ({ name }) => name === 'events' || name === 'evaluations' || name === 'backfill',
    );
    if (stages.every(({ waiting, active }) => waiting === 0 && active === 0)) return;
    await new Promise((resolve) => setTimeout(resolve, 40));
  }
}

/** A list in parts of a size. */
export function cut<T>(list: readonly T[], size: number): T[][] {
  return Array.from({ length: Math.ceil(list.length / size) }, (_none, index) =>
    list.slice(index * size, (index + 1) * size),
  );
}

function cpuOf(pids: Pids): Record<string, number> | null {
  const used = Object.entries(pids).map(([name, list]) => [name, cpuMsOf(list)] as const);
  return used.some(([, ms]) => ms === null)
    ? null
    : Object.fromEntries(used.map(([name, ms]) => [name, ms ?? 0]));
}

/** Sends, and waits until the last effect is committed. */
export async function measure(
  engine: Engine,
  count: number,
  pids: Pids,
  send: () => Promise<void>,
): Promise<Rate> {
  const before = cpuOf(pids);
  const startedAt = performance.now();
  await send();
  await untilIdle(engine);
  const elapsedMs = performance.now() - startedAt;
  const after = cpuOf(pids);
  const each = (name: string): number => ((after?.[name] ?? 0) - (before?.[name] ?? 0)) / count;
  const cpu =
    before === null ? null : Object.fromEntries(Object.keys(before).map((name) => [name, each(name)]));
  return { perSecond: (count / elapsedMs) * 1000, cpu };
}

/** The process of the PostgreSQL server that a connection speaks to. */
export async function postmasterPid({ db }: Connection): Promise<number[]> {
  const rows = await db.$queryRawUnsafe<{ pid: number }[]>(
    `SELECT split_part(pg_read_file('postmaster.pid'), E'\\n', 1)::int AS pid`,
  );
  return rows.map(({ pid }) => pid);
}
