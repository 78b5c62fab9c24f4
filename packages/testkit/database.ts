import { randomUUID } from 'node:crypto';
import { Client } from 'pg';
import { closeEverything } from './close-at-end';
import { serviceUrl, TEMPLATE_DATABASE } from './services';
import { waitFor } from './wait-for';

/** A migrated, empty database of the test file (or `describe` block) that asked for it. */
export type TestDatabase = {
  /** @throws Error before the file's `beforeAll` hooks ran */
  readonly url: string;
};

/** Copies of one template at the same time fail while another one starts: one at a time. */
const COPY_LOCK = 72_707_371;
/** A client that was closed properly is seen by the server for some milliseconds more. */
const CLOSING_MS = 2_000;

async function asAdmin<T>(work: (admin: Client) => Promise<T>): Promise<T> {
  const admin = new Client({ connectionString: serviceUrl('database') });
  await admin.connect();
  try {
    return await work(admin);
  } finally {
    await admin.end();
  }
}

type Leak = { application_name: string; state: string | null; query: string };

async function openConnections(admin: Client, name: string): Promise<Leak[]> {
  const { rows } = await admin.query<Leak>(
    `SELECT application_name, state, query FROM pg_stat_activity WHERE datname = $1 AND backend_type = 'client backend'`,
    [name],
  );
  return rows;
}

async function create(name: string): Promise<string> {
  await asAdmin(async (admin) => {
    await admin.query('SELECT pg_advisory_lock($1)', [COPY_LOCK]);
    await admin.query(`CREATE DATABASE ${name} TEMPLATE ${TEMPLATE_DATABASE}`);
  });
  const url = new URL(serviceUrl('database'));
  url.pathname = `/${name}`;
  return url.href;
}

async function drop(name: string): Promise<void> {
  await asAdmin(async (admin) => {
    let leaks: Leak[] = [];
    const none = async (): Promise<boolean> => {
      leaks = await openConnections(admin, name);
      return leaks.length === 0;
    };
    const closed = await waitFor(none, { timeoutMs: CLOSING_MS }).catch(() => false);
    await admin.query(`DROP DATABASE ${name} WITH (FORCE)`);
    if (closed) return;
    const lines = leaks.map(
      (leak) => `  ${leak.application_name || '(no name)'}, ${leak.state}: ${leak.query}`,
    );
    throw new Error(
      `${leaks.length} connections to the test's database were left open (close them, or register them with closeAtEnd):\n${lines.join('\n')}`,
    );
  });
}

/**
 * To be called at the top of a test file or of a `describe` block: makes a copy of the migrated template before its
 * tests and drops it after them. Connections that are open by then fail the file.
 */
export function useDatabase(): TestDatabase {
  let url: string | undefined;
  const name = `test_${randomUUID().replaceAll('-', '')}`;
  beforeAll(async () => {
    url = await create(name);
  }, 60_000);
  afterAll(async () => {
    try {
      await closeEverything();
    } finally {
      if (url !== undefined) await drop(name);
    }
  }, 60_000);
  return {
    get url() {
      if (url === undefined)
        throw new Error('the database is made in beforeAll: read its url in a hook or a test');
      return url;
    },
  };
}
