import pg from 'pg';
import { type Address, addressOf } from './address';
import { isSessionOf, lookForPooler, type Pooler } from './pooler';
import { KEPT_BY_POOLERS, type SessionSettings } from './session';
import type { Tls } from './tls';

/** What `openPool` takes. */
export type PoolOptions = {
  readonly url: string;
  /** Connections at most; a smaller `connection_limit` of the URL counts instead. */
  readonly max: number;
  /** Settings of each session. They override those of the database and the role. */
  readonly session: SessionSettings;
  /** Told of connections that die while idle. */
  readonly onError: (error: Error) => void;
  /** Settings of pg over ours. */
  readonly more?: Partial<pg.PoolConfig>;
  /** Why nothing works through a pooler that gives each transaction another session; undefined where it does. */
  readonly needsSession?: string;
};

/** A pool whose connections are sessions of ours, or transactions of a pooler's. */
export type OpenPool = {
  readonly pool: pg.Pool;
  /** What stands between, known from the first connection on; null before. */
  readonly pooler: () => Pooler | null;
};

const ignore = (): void => undefined;

const CONNECT_LIMIT_MS = 10_000;

/** What a server says that has no TLS, and one that takes nothing else, or not this. */
function isAboutTls(error: unknown): boolean {
  if (typeof error !== 'object' || error === null) return false;
  const code = 'code' in error ? String(error.code) : '';
  const message = 'message' in error ? String(error.message) : '';
  const isTls = /^(ERR_SSL|ERR_TLS|CERT_|UNABLE_TO_|SELF_SIGNED|DEPTH_ZERO|EPROTO)/.test(code);
  return isTls || code === '28000' || /does not support SSL|establishing an SSL connection/.test(message);
}

type Callback = (
  error: Error | undefined,
  client: pg.PoolClient | undefined,
  done: (error?: Error | boolean) => void,
) => void;

/** A pool that goes on to the second way of connecting where the server refuses the first one, as libpq does. */
class TwoWayPool extends pg.Pool {
  readonly #ways: readonly [Tls, Tls];

  constructor(config: pg.PoolConfig, ways: readonly [Tls, Tls]) {
    super({ ...config, ssl: ways[0] });
    this.#ways = ways;
  }

  async #connect(): Promise<pg.PoolClient> {
    const tried = this.options.ssl;
    try {
      return await super.connect();
    } catch (error) {
      if (!isAboutTls(error)) throw error;
      // Another connection that was tried at the same time may have gone on already.
      if (this.options.ssl === tried)
        this.options.ssl = tried === this.#ways[0] ? this.#ways[1] : this.#ways[0];
      return await super.connect().catch(() => {
        throw error;
      });
    }
  }

  override connect(): Promise<pg.PoolClient>;
  override connect(callback: Callback): void;
  override connect(callback?: Callback): Promise<pg.PoolClient> | void {
    if (callback === undefined) return this.#connect();
    void this.#hand(callback);
  }

  async #hand(callback: Callback): Promise<void> {
    let client: pg.PoolClient;
    try {
      client = await this.#connect();
    } catch (error) {
      // As it is: what it means is told by its code.
      callback(error as Error, undefined, ignore);
      return;
    }
    callback(undefined, client, (error) => client.release(error));
  }
}

/** A client of the address that sets nothing: a first look, or a session of its own. */
function bareClient({ connectionString }: Address, ssl: Tls): pg.Client {
  return new pg.Client({ connectionString, ssl, connectionTimeoutMillis: CONNECT_LIMIT_MS });
}

function usedTls({ options }: pg.Pool): Tls {
  return typeof options.ssl === 'object' ? options.ssl : false;
}

const SET = 'SELECT set_config(s.name, s.value, false) FROM unnest($1::text[], $2::text[]) AS s(name, value)';

async function set(client: pg.ClientBase, settings: SessionSettings): Promise<void> {
  await client.query(SET, [Object.keys(settings), Object.values(settings)]);
}

function only(settings: SessionSettings, names: readonly string[]): SessionSettings {
  return Object.fromEntries(Object.entries(settings).filter(([name]) => names.includes(name)));
}

/** Opens a pool; nothing connects before the first statement. */
export function openPool({ url, max, session, onError, more = {}, needsSession }: PoolOptions): OpenPool {
  const address = addressOf(url);
  const [first, second] = address.tls;
  let pooler: Pooler | null = address.isPooled ? 'nameless' : null;
  let looking: Promise<Pooler> | undefined;

  const look = async (ssl: Tls): Promise<Pooler> => {
    looking ??= lookForPooler(() => bareClient(address, ssl)).catch((error: unknown) => {
      looking = undefined;
      throw error;
    });
    return looking;
  };

  /** Runs on each connection before anybody gets it. */
  const prepare = async (client: pg.ClientBase): Promise<void> => {
    // A connection that breaks while somebody holds it fails their statements, which tell of it; unheard, its event would
    // end the process.
    client.on('error', ignore);
    if (pooler === null) {
      const { rows } = await client.query<{ pid: number }>('SELECT pg_backend_pid() AS pid');
      pooler = isSessionOf(client, rows[0]?.pid ?? 0) ? 'none' : await look(usedTls(pool));
    }
    if (pooler === 'none' || pooler === 'session') return set(client, session);
    if (needsSession !== undefined) throw new Error(needsSession);
    await set(client, only(session, KEPT_BY_POOLERS));
  };

  const config: pg.PoolConfig = {
    connectionString: address.connectionString,
    max: Math.min(max, address.connectionLimit ?? max),
    connectionTimeoutMillis: CONNECT_LIMIT_MS,
    keepAlive: true,
    ...more,
    // pg waits for it, which its types do not say.
    ...({ onConnect: prepare } as object),
  };
  const pool =
    second === undefined ? new pg.Pool({ ...config, ssl: first }) : new TwoWayPool(config, [first, second]);
  pool.on('error', onError);
  return { pool, pooler: () => pooler };
}
