import { chownSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { selfSignedCertificate, useEmbeddedPostgres } from '#testkit';
import { connect, connectQueuePool } from '../connection/connect';
import { onMigrationSession } from '../connection/migrate';
import { rowsOf } from '../connection/sql';

jest.setTimeout(60_000);

const servers = useEmbeddedPostgres();
const ignore = (): void => undefined;
const certificate = selfSignedCertificate();

/** Starts a server whose TLS is this. @returns its URL, ready for parameters */
async function serverWith(tls: 'none' | 'offered' | 'demanded' | 'refused'): Promise<string> {
  if (tls === 'none') return (await servers.start()).url;
  const { folder } = await servers.start();
  await servers.stop();
  const data = path.join(folder, 'data');
  const { uid, gid } = statSync(data);
  const write = (name: string, text: string): string => {
    const file = path.join(data, name);
    writeFileSync(file, text, { mode: 0o600 });
    chownSync(file, uid, gid);
    return file;
  };
  write('server.crt', certificate.cert);
  write('server.key', certificate.key);
  const hba = readFileSync(path.join(data, 'pg_hba.conf'), 'utf8');
  const rule = {
    offered: '',
    demanded: 'hostnossl segment_engine all all reject',
    refused: 'hostssl segment_engine all all reject',
  };
  write('pg_hba.conf', `${rule[tls]}\n${hba}`);
  const settings = { fsync: 'off', ssl: 'on', ssl_cert_file: 'server.crt', ssl_key_file: 'server.key' };
  return (await servers.start({ settings })).url;
}

/** Whether a connection by the parameters is by TLS; throws where there is none. */
async function isSecured(url: string, query: string): Promise<unknown> {
  const { db, close } = connect(`${url}?${query}`, 2, ignore);
  try {
    const text = 'SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()';
    // Two at once: the second way is found for both.
    const [[row], [other]] = await Promise.all([
      rowsOf<{ ssl: boolean }>(db, text),
      rowsOf<{ ssl: boolean }>(db, text),
    ]);
    expect(other).toEqual(row);
    return row?.ssl;
  } finally {
    await close();
  }
}

const REFUSED = expect.any(Error);
async function outcome(url: string, query: string): Promise<unknown> {
  return isSecured(url, query).catch((error: unknown) => error);
}

test.each([
  [
    'none',
    { '': false, disable: false, allow: false, prefer: false, require: REFUSED, 'verify-full': REFUSED },
  ],
  [
    'offered',
    {
      '': false,
      disable: false,
      allow: false,
      prefer: true,
      require: true,
      'no-verify': true,
      'verify-full': REFUSED,
      'verify-ca&sslrootcert=CA': true,
      'verify-full&sslrootcert=CA': true,
    },
  ],
  ['demanded', { '': true, disable: REFUSED, allow: true, prefer: true, require: true }],
  ['refused', { '': false, disable: false, allow: false, prefer: false, require: REFUSED }],
] as const)('a server with TLS %s', async (tls, expected) => {
  const url = await serverWith(tls);
  const ca = path.join(servers.folder.path, 'ca.pem');
  writeFileSync(ca, certificate.cert);
  const found = Object.fromEntries(
    await Promise.all(
      Object.keys(expected).map(async (mode) => [
        mode,
        await outcome(url, mode === '' ? '' : `sslmode=${mode.replace('CA', ca)}`),
      ]),
    ),
  );
  expect(found).toEqual(expected);
});

test('queues and migrations go the same ways', async () => {
  const url = await serverWith('demanded');
  const text = 'SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()';
  const pool = connectQueuePool(url, { poolMax: 1, durable: true, onError: ignore });
  expect((await pool.query(text)).rows).toEqual([{ ssl: true }]);
  await pool.end();
  const rows = await onMigrationSession(
    `${url}?sslmode=prefer`,
    async (client) => (await client.query(text)).rows,
  );
  expect(rows).toEqual([{ ssl: true }]);
});
