import { makeLog } from '#runtime';
import { makeRefusedKeys } from './refused-keys';

test('ten a minute and address are refused, more are told when to come back', () => {
  const lines: string[] = [];
  let now = 1_000_000;
  const keys = makeRefusedKeys(
    makeLog('api', 'info', { write: (line: string) => lines.push(line) }),
    () => now,
  );
  for (let tries = 0; tries < 10; tries++) expect(keys.count('a')).toBeNull();
  now += 15_000;
  expect(keys.count('a')).toBe(45);
  expect(keys.count('b')).toBeNull();
  for (let tries = 0; tries < 100; tries++) keys.count('a');
  expect(lines).toHaveLength(10 + 1 + 1);
  now += 45_000;
  expect(keys.count('a')).toBeNull();
});
