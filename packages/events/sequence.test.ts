import { makeReceipts, sequencesOf } from './sequence';

test('requests of one millisecond keep their order, those of another begin anew', () => {
  let now = 5;
  const receive = makeReceipts(() => now);
  expect(receive(3)).toEqual({ atMs: 5, before: 0 });
  expect(receive(1)).toEqual({ atMs: 5, before: 3 });
  expect(receive(1)).toEqual({ atMs: 5, before: 4 });
  now = 6;
  expect(receive(2)).toEqual({ atMs: 6, before: 0 });
  // A clock that is set back tells of an earlier time, as it always did.
  now = 5;
  expect(receive(2)).toEqual({ atMs: 5, before: 0 });
});

test('events have the order of the request, those from the future that of their times', () => {
  const receipt = { atMs: 5, before: 10 };
  expect(sequencesOf([], receipt)).toEqual([]);
  expect(sequencesOf([0, 0, 0], receipt)).toEqual([10, 11, 12]);
  expect(sequencesOf([9, 0, 4, 9, 0], receipt)).toEqual([13, 10, 12, 14, 11]);
});
