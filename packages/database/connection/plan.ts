import { EnvError } from '#runtime';
import { addressOf } from './address';
import {
  connectionsNeeded,
  connectionsOf,
  fitPools,
  type PoolName,
  type PoolSizes,
  type ProcessName,
} from './budget';
import { classifyFailure } from './errors';
import { type DatabaseLook, lookAtDatabase } from './look';

/** Where a process finds its databases. */
export type DatabaseUrls = {
  readonly databaseUrl: string;
  /** The database that holds the queues; null where Redis does. */
  readonly queueUrl: string | null;
};

/** How a process connects. */
export type ConnectionPlan = {
  readonly sizes: PoolSizes;
  /** What somebody should know, a line each. */
  readonly notes: readonly string[];
};

/** A database that is away must not keep the API from saying so. */
const LOOK_LIMIT_MS = 5_000;
const QUEUE_NEEDS_SESSION =
  'queues in PostgreSQL do not work through a pooler in transaction mode: set it to a direct address, or set REDIS_URL';

async function lookIfThere(url: string): Promise<DatabaseLook | null> {
  return lookAtDatabase(url, LOOK_LIMIT_MS).catch((error: unknown) => {
    if (error instanceof EnvError || classifyFailure(error) !== 'outage') throw error;
    return null;
  });
}

const isShared = (look: DatabaseLook | null): boolean =>
  look?.pooler === 'transaction' || look?.pooler === 'nameless';

type Part = { readonly url: string; readonly names: readonly PoolName[]; readonly look: DatabaseLook | null };

function plan(
  process: ProcessName,
  { url, names, look }: Part,
): { sizes: Partial<PoolSizes>; notes: string[] } {
  const available = look?.connections ?? null;
  const limit = addressOf(url).connectionLimit;
  const needed = connectionsNeeded(names);
  if (available !== null && available < needed.least) {
    throw new EnvError(
      `The database takes ${available} connections of this role; one process of each kind needs at least ${needed.least} and wants ${needed.most}: raise max_connections (or the role's limit)${names.includes('queue') ? ', or set REDIS_URL, which takes the queues elsewhere' : ''}`,
    );
  }
  const notes: string[] = [];
  if (available !== null && available < needed.most) {
    notes.push(
      `the database takes ${available} connections of this role, and one process of each kind wants ${needed.most}: pools are smaller than they should be; raise max_connections (or the role's limit)`,
    );
  }
  const { least, most } = connectionsOf(process, names);
  if (limit !== null && limit < most) {
    const kept = limit < least ? `; it can not do with less than ${least}` : '';
    notes.push(`connection_limit=${limit}: the ${process} process wants ${most} connections${kept}`);
  }
  if (look !== null && look.missing.length > 0) {
    notes.push(
      `a pooler in transaction mode keeps no settings; the database wants these: ${look.missing.join('; ')}`,
    );
  }
  return { sizes: fitPools(process, names, available, limit), notes };
}

/**
 * Looks at the databases and shares out their connections, before anything is opened. One that is away is taken to have
 * enough of them.
 * @throws EnvError in one line that says what is missing
 */
export async function planConnections(
  process: ProcessName,
  { databaseUrl, queueUrl }: DatabaseUrls,
): Promise<ConnectionPlan> {
  const look = await lookIfThere(databaseUrl);
  const isOne = queueUrl === databaseUrl;
  const queueLook = queueUrl === null || isOne ? look : await lookIfThere(queueUrl);
  if (queueUrl !== null && isShared(queueLook))
    throw new EnvError(`QUEUE_DATABASE_URL: ${QUEUE_NEEDS_SESSION}`);
  const own: readonly PoolName[] = ['main', 'reads', 'probe'];
  const parts: Part[] = [{ url: databaseUrl, names: isOne ? [...own, 'queue'] : own, look }];
  if (queueUrl !== null && !isOne) parts.push({ url: queueUrl, names: ['queue'], look: queueLook });
  const plans = parts.map((part) => plan(process, part));
  const sizes: PoolSizes = {
    main: 0,
    reads: 0,
    probe: 0,
    queue: 0,
    ...Object.assign({}, ...plans.map((one) => one.sizes)),
  };
  return { sizes, notes: plans.flatMap((one) => one.notes) };
}
