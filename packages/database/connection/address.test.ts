import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { addressOf } from './address';

const BASE = 'postgresql://u:p%40@host:5433/db';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'segment-engine-tls-'));
  for (const name of ['ca', 'cert', 'key']) writeFileSync(path.join(folder, name), `the ${name}`);
});
afterAll(() => rmSync(folder, { recursive: true }));

const ways = (query: string) => addressOf(`${BASE}?${query.replaceAll('DIR', folder)}`).tls;
const unverified = { rejectUnauthorized: false };
const byAuthority = { ca: 'the ca', checkServerIdentity: expect.any(Function) };

test.each([
  ['sslmode=disable', [false]],
  ['sslmode=disable&sslrootcert=DIR/ca', [false]],
  ['', [false, unverified]],
  ['sslmode=allow', [false, unverified]],
  ['sslmode=prefer', [unverified, false]],
  ['sslmode=prefer&sslrootcert=DIR/ca', [byAuthority, false]],
  ['sslmode=require', [unverified]],
  ['sslmode=require&sslrootcert=DIR/ca', [byAuthority]],
  ['sslmode=verify-ca&sslrootcert=DIR/ca', [byAuthority]],
  ['sslmode=verify-full', [{}]],
  ['sslmode=verify-full&sslrootcert=system', [{}]],
  ['sslmode=verify-full&sslrootcert=DIR/ca', [{ ca: 'the ca' }]],
  ['sslrootcert=DIR/ca', [{ ca: 'the ca' }]],
  ['ssl=true', [{}]],
  ['sslmode=no-verify', [unverified]],
  [
    'sslmode=require&sslcert=DIR/cert&sslkey=DIR/key&sslpassword=a%20b',
    [{ ...unverified, cert: 'the cert', key: 'the key', passphrase: 'a b' }],
  ],
])('TLS as libpq: %s', (query, expected) => {
  expect(ways(query)).toEqual(expected);
});

test('a file that is not there is told by its parameter', () => {
  expect(() => ways('sslmode=verify-full&sslrootcert=DIR/none')).toThrow(
    `sslrootcert of the database's URL can't be read: ${folder}/none (ENOENT)`,
  );
});

test('what pg reads stays as it was written, and what is read here is taken out', () => {
  const query = 'application_name=a%20b&sslmode=require&connection_limit=7&pgbouncer=true&options=-c%20a%3Db';
  expect(addressOf(`${BASE}?${query}`)).toMatchObject({
    connectionString: `${BASE}?application_name=a%20b&options=-c%20a%3Db`,
    connectionLimit: 7,
    isPooled: true,
  });
  expect(addressOf(BASE)).toMatchObject({ connectionString: BASE, connectionLimit: null, isPooled: false });
});
