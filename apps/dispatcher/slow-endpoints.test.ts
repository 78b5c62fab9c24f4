import { SLOW } from './limits';
import { makeSlowEndpoints } from './slow-endpoints';

test('an endpoint is slow for a minute after a long attempt, or until one is quick', () => {
  let nowMs = 0;
  const slow = makeSlowEndpoints(() => nowMs);
  slow.attempted('https://a.example', SLOW.afterMs);
  slow.attempted('https://b.example', SLOW.afterMs);
  slow.attempted('https://c.example', SLOW.afterMs - 1);
  expect(slow.list()).toEqual(['https://a.example', 'https://b.example']);
  slow.attempted('https://a.example', 10);
  expect(slow.list()).toEqual(['https://b.example']);
  nowMs = SLOW.forgetMs;
  expect(slow.list()).toEqual([]);
});
