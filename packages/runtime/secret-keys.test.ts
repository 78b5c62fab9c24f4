import { randomBytes } from 'node:crypto';
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
