/** A pool of a process: what it works best with, and what it can't work without (connections). */
type Pool = { readonly most: number; readonly least: number };

export type ProcessName = 'api' | 'worker' | 'dispatcher';
/** `queue` is only open where queues are in PostgreSQL; `probe` is what readiness looks by. */
export type PoolName = 'main' | 'reads' | 'probe' | 'queue';
export type PoolSizes = Readonly<Record<PoolName, number>>;

const NONE: Pool = { most: 0, least: 0 };

/** All processes together stay well under the 200 connections of the embedded server. */
const POOLS: Readonly<Record<ProcessName, Readonly<Record<PoolName, Pool>>>> = {
  api: {
    main: { most: 8, least: 2 },
    reads: { most: 6, least: 1 },
    probe: { most: 1, least: 1 },
    queue: { most: 8, least: 2 },
  },
  worker: {
    // A connection for each of the four lanes of the two lane stages, two for the chunks of backfill, and some for what is
    // asked in between.
    main: { most: 13, least: 2 },
    reads: NONE,
    probe: NONE,
    // Each of the four consumers listens on a connection of its own; the rest serve fetching, completing and adding.
    queue: { most: 11, least: 6 },
  },
  dispatcher: {
    main: { most: 8, least: 2 },
    reads: NONE,
    probe: NONE,
    // A consumer for each of the four kinds of destination, and the relay's: each listens on a connection of its own.
    queue: { most: 11, least: 7 },
  },
};

const PROCESSES: readonly ProcessName[] = ['api', 'worker', 'dispatcher'];
/** Beside the pools: looks at the start, and migrations. */
const SPARE = 1;

type Needed = { readonly most: number; readonly least: number };

function sumOf(processes: readonly ProcessName[], names: readonly PoolName[], which: keyof Pool): number {
  const ofProcess = (process: ProcessName): number =>
    names.reduce((total, name) => total + POOLS[process][name][which], 0);
  return processes.reduce((total, process) => total + ofProcess(process), 0);
}

/** How many connections one process of each kind wants of a server that has these pools, and needs at least. */
export function connectionsNeeded(names: readonly PoolName[]): Needed {
  return {
    most: sumOf(PROCESSES, names, 'most') + SPARE,
    least: sumOf(PROCESSES, names, 'least') + SPARE,
  };
}

/** The same of one process. */
export function connectionsOf(process: ProcessName, names: readonly PoolName[]): Needed {
  return { most: sumOf([process], names, 'most'), least: sumOf([process], names, 'least') };
}

function shareOf({ most, least }: Needed, available: number | null): number {
  if (available === null || most === least) return 1;
  return Math.max(0, Math.min(1, (available - least) / (most - least)));
}

/**
 * Sizes of those pools of a process that share a server: the least, and the same share of the rest for each.
 * @param available how many the server has for one process of each kind; null: not known
 * @param limit how many this process may hold (`connection_limit` of the URL); null: as many as it wants
 */
export function fitPools(
  process: ProcessName,
  names: readonly PoolName[],
  available: number | null,
  limit: number | null,
): Partial<PoolSizes> {
  const share = Math.min(
    shareOf(connectionsNeeded(names), available),
    shareOf(connectionsOf(process, names), limit),
  );
  return Object.fromEntries(
    names.map((name) => {
      const { most, least } = POOLS[process][name];
      return [name, least + Math.floor((most - least) * share)];
    }),
  );
}
