import { stepOf } from './entries';

type Entry = Parameters<typeof stepOf>[0];
const USUAL = { again: false, failed: false };

const entry = (rest: Partial<Entry>): Entry => ({
  wanted: true,
  there: 'yes',
  deliveryId: null,
  failed: false,
  ...rest,
});

test.each<[string, Partial<Entry>, boolean, string]>([
  ['it is there, as wanted', {}, true, 'none'],
  ['it is new', { wanted: false, there: 'no' }, true, 'add'],
  ['it is on its way', { there: 'no', deliveryId: 'd' }, true, 'none'],
  ['it is to go', {}, false, 'remove'],
  ['it is going', { wanted: false, deliveryId: 'd' }, false, 'none'],
  ['it was to come, and nothing was sent', { there: 'no', deliveryId: 'd' }, false, 'withdraw'],
  ['it was to come, and may have', { there: 'maybe', deliveryId: 'd' }, false, 'remove'],
  ['it was to go, and nothing was sent', { wanted: false, deliveryId: 'd' }, true, 'withdraw'],
  ['it was to go, and may have', { wanted: false, there: 'maybe', deliveryId: 'd' }, true, 'add'],
  ['it never came, and need not', { wanted: false, there: 'no' }, false, 'none'],
  ['nobody knows', { there: 'maybe' }, true, 'add'],
  ['its add was given up', { there: 'maybe', failed: true }, true, 'none'],
  ['its add was given up, and it is to go', { there: 'maybe', failed: true }, false, 'remove'],
  [
    'its removal was given up, and it is wanted again',
    { wanted: false, there: 'maybe', failed: true },
    true,
    'add',
  ],
])('%s', (_name, rest, isWanted, step) => {
  expect(stepOf(entry(rest), isWanted, USUAL)).toBe(step);
});

test('a walk tries again what was given up, and sends again what is there where that is asked', () => {
  expect(stepOf(entry({ there: 'maybe', failed: true }), true, { again: false, failed: true })).toBe('add');
  expect(stepOf(entry({}), true, { again: true, failed: true })).toBe('add');
  expect(stepOf(entry({ deliveryId: 'd' }), true, { again: true, failed: true })).toBe('none');
  expect(stepOf(entry({ wanted: false, there: 'no' }), false, { again: true, failed: true })).toBe('none');
});
