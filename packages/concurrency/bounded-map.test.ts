import { makeBoundedMap } from './bounded-map';

test('keeps so many, and forgets the one that was set the longest ago', () => {
  const map = makeBoundedMap<string, number>(2);
  map.set('a', 1);
  map.set('b', 2);
  map.set('a', 3);
  map.set('c', 4);
  expect([...map.entries()]).toEqual([
    ['a', 3],
    ['c', 4],
  ]);
  expect(map.get('b')).toBeUndefined();
  map.delete('a');
  map.set('d', 5);
  expect([...map.entries()]).toEqual([
    ['c', 4],
    ['d', 5],
  ]);
});

test('of none, keeps none', () => {
  const map = makeBoundedMap<string, number>(0);
  map.set('a', 1);
  expect(map.get('a')).toBeUndefined();
});

test('entries may be deleted while they are met', () => {
  const map = makeBoundedMap<number, string>(10);
  for (let key = 0; key < 10; key += 1) map.set(key, 'x');
  for (const [key] of map.entries()) if (key % 2 === 0) map.delete(key);
  expect([...map.entries()].map(([key]) => key)).toEqual([1, 3, 5, 7, 9]);
});
