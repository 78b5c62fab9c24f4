import { EnvError, parseEnv, requireKeysBeyondLoopback } from './env';
import { namedKeysOf } from './keys';

const W = 'w'.repeat(16);
const A = 'a'.repeat(16);

test('entries are keys, or names with keys', () => {
  expect(namedKeysOf([W, `ci.deploy:${A}`, 'x:y:z', 'not a name:k', ':k', 'n:'], 'admin')).toEqual([
    { name: 'admin-1', key: W },
    { name: 'ci.deploy', key: A },
    { name: 'x', key: 'y:z' },
    { name: 'admin-4', key: 'not a name:k' },
    { name: 'admin-5', key: ':k' },
    { name: 'admin-6', key: 'n:' },
  ]);
});

const check = (env: Record<string, string>) => () => requireKeysBeyondLoopback(parseEnv(env));
const KEYS = { WRITE_KEYS: W, ADMIN_API_KEYS: `ops:${A}` };

test('beyond loopback keys are needed, long, and each for one purpose', () => {
  expect(check({ HOST: '0.0.0.0', ...KEYS })).not.toThrow();
  expect(
    check({ HOST: '0.0.0.0', ...KEYS, METRICS_KEYS: 'm'.repeat(16), BROWSER_KEYS: 'b'.repeat(16) }),
  ).not.toThrow();
});

test.each([
  [{ ADMIN_API_KEYS: A }, 'WRITE_KEYS: must be set to listen on 0.0.0.0'],
  [{}, 'WRITE_KEYS and ADMIN_API_KEYS: must be set'],
  [
    { ...KEYS, WRITE_KEYS: `${W},name-that-is-long:short-key-here` },
    'WRITE_KEYS: entry 2 is shorter than 16 characters',
  ],
  [{ ...KEYS, METRICS_KEYS: 'short' }, 'METRICS_KEYS: entry 1 is shorter than 16 characters'],
  [{ ...KEYS, ADMIN_API_KEYS: W }, 'WRITE_KEYS and ADMIN_API_KEYS: the same key stands in both'],
  [{ ...KEYS, ADMIN_API_KEYS: `other:${W}` }, 'WRITE_KEYS and ADMIN_API_KEYS: the same key stands in both'],
  [{ ...KEYS, BROWSER_KEYS: A }, 'ADMIN_API_KEYS and BROWSER_KEYS: the same key stands in both'],
])('beyond loopback %j is refused, and no key is repeated', (env, message) => {
  const parse = check({ HOST: '0.0.0.0', ...env });
  expect(parse).toThrow(EnvError);
  expect(parse).toThrow(message);
  expect(parse).not.toThrow(/wwww|aaaa|short-key/);
});

test('on loopback all of that goes', () => {
  expect(check({ WRITE_KEYS: 'a', ADMIN_API_KEYS: 'a' })).not.toThrow();
});
