import { makeEndpointPaces } from './endpoint-paces';
import { QUICK, SLOW } from '../limits';

const limits = { endpointMax: 30, quickMax: 150 };

test('an endpoint is slow for a minute after a long attempt, or until one is quicker', () => {
  let nowMs = 0;
  const paces = makeEndpointPaces(limits, () => nowMs);
  paces.attempted('a', { durationMs: SLOW.afterMs, outcome: 'delivered' });
  paces.attempted('b', { durationMs: SLOW.afterMs, outcome: 'retry' });
  paces.attempted('c', { durationMs: SLOW.afterMs - 1, outcome: 'delivered' });
  const slow = { max: SLOW.endpointMax };
  expect(paces.exceptions()).toEqual([
    { endpoint: 'a', ...slow },
    { endpoint: 'b', ...slow },
  ]);
  paces.attempted('a', { durationMs: 2_000, outcome: 'delivered' });
  expect(paces.exceptions()).toEqual([{ endpoint: 'b', ...slow }]);
  nowMs = SLOW.forgetMs;
  expect(paces.exceptions()).toEqual([]);
});

test('one that succeeds quickly may have more in flight, and many of them share what there is', () => {
  let nowMs = 0;
  const paces = makeEndpointPaces(limits, () => nowMs);
  paces.attempted('a', { durationMs: 10, outcome: 'delivered' });
  paces.attempted('failing', { durationMs: 10, outcome: 'retry' });
  expect(paces.exceptions()).toEqual([{ endpoint: 'a', max: 150 }]);
  for (let index = 0; index < 19; index += 1)
    paces.attempted(`b${index}`, { durationMs: 10, outcome: 'delivered' });
  expect(new Set(paces.exceptions().map(({ max }) => max))).toEqual(new Set([60]));
  nowMs = QUICK.forgetMs;
  expect(paces.exceptions()).toEqual([]);
});

test('it remembers a bounded number of them', () => {
  const paces = makeEndpointPaces(limits, () => 0);
  for (let index = 0; index < 2_000; index += 1)
    paces.attempted(`https://${index}.example`, { durationMs: 10, outcome: 'delivered' });
  const exceptions = paces.exceptions();
  expect(exceptions).toHaveLength(500);
  expect(exceptions.at(-1)).toEqual({ endpoint: 'https://1999.example', max: 30 });
});
