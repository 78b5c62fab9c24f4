import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { EnvError, parseEnv } from './env';

const KEY = randomBytes(32);
const keysOf = (text: string | undefined) => parseEnv({ SECRETS_KEY: text }).SECRETS_KEY;

test.each([
  ['base64', KEY.toString('base64')],
  ['base64 without padding', KEY.toString('base64').replace('=', '')],
  ['base64url', KEY.toString('base64url')],
  ['hex', KEY.toString('hex')],
  ['hex in capitals', KEY.toString('hex').toUpperCase()],
])('a key in %s', (_form, text) => {
  expect(keysOf(text)).toEqual([KEY]);
});

test('several, the one that seals first; none', () => {
  const other = randomBytes(32);
  expect(keysOf(`${other.toString('hex')}, ${KEY.toString('base64')}`)).toEqual([other, KEY]);
  expect(keysOf(undefined)).toEqual([]);
  expect(keysOf('')).toEqual([]);
});

test.each([
  'secret',
  KEY.toString('base64').slice(1),
  KEY.toString('hex').slice(2),
  randomBytes(33).toString('base64'),
  `${KEY.toString('hex')},short`,
])('%s stops the start with the name of the variable, and does not repeat the value', (text) => {
  expect(() => keysOf(text)).toThrow(EnvError);
  expect(() => keysOf(text)).toThrow(/SECRETS_KEY: must be 32 bytes in base64 or hex/);
  expect(() => keysOf(text)).not.toThrow(text);
});

test('may stand in a file, whose fault is told by its variable', () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'segment-engine-secret-'));
  try {
    const file = path.join(folder, 'key');
    writeFileSync(file, `${KEY.toString('hex')}\n`);
    expect(parseEnv({ SECRETS_KEY_FILE: file }).SECRETS_KEY).toEqual([KEY]);
    const both = () => parseEnv({ SECRETS_KEY_FILE: file, SECRETS_KEY: KEY.toString('hex') });
    expect(both).toThrow('SECRETS_KEY_FILE: stands beside SECRETS_KEY');
    expect(() => parseEnv({ SECRETS_KEY_FILE: folder })).toThrow(
      `SECRETS_KEY_FILE: can't be read: ${folder} (EISDIR)`,
    );
    writeFileSync(file, 'something else');
    expect(() => parseEnv({ SECRETS_KEY_FILE: file })).toThrow(/SECRETS_KEY: must be 32 bytes/);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
