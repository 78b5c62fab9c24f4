import { codesOf, onlyEventOf, options, takenOf } from '../test/read';
import { fromSegment, type SegmentRoute } from './segment';

const read = (route: SegmentRoute, body: unknown, more = {}) => fromSegment(route, body, options(more));
const only = (route: SegmentRoute, body: unknown, more = {}) => onlyEventOf(read(route, body, more));
const subscription = { event: 'subscription_updated', properties: { subscriptionId: 's', status: 'active' } };

test('I9: an id that stands for nobody is left out beside another, and counted', () => {
  const outcome = read('identify', { userId: 'null', anonymousId: 'a1' });
  expect(takenOf(outcome)[0]).toMatchObject({ anonymousId: 'a1' });
  expect(takenOf(outcome)[0]).not.toHaveProperty('userId');
  expect(outcome).toMatchObject({ counts: { blockedIds: { userId: 1, anonymousId: 0, previousId: 0 } } });
  expect(codesOf(read('track', { userId: 'null', event: 'e' }))).toEqual([[0, 'blocked_id']]);
  expect(codesOf(read('track', { userId: 0, anonymousId: '{{id}}', event: 'e' }))).toEqual([
    [0, 'blocked_id'],
  ]);
});

test('an alias names two ids', () => {
  expect(only('alias', { userId: 'u2', previousId: 'a1', anonymousId: 'a1' })).toMatchObject({
    name: 'alias',
    kind: 'alias',
    userId: 'u2',
    previousId: 'a1',
    anonymousId: 'a1',
  });
  expect(only('alias', { userId: 7, previousId: 8 })).toMatchObject({ userId: '7', previousId: '8' });
});

test('I12: an alias to oneself is taken', () => {
  expect(only('alias', { userId: 'c1', previousId: 'c1' })).toMatchObject({ userId: 'c1', previousId: 'c1' });
});

test('row 20: an alias with an id that stands for nobody is refused', () => {
  expect(codesOf(read('alias', { userId: 'u1', previousId: 'null' }))).toEqual([[0, 'blocked_id']]);
  expect(codesOf(read('alias', { userId: 'null', previousId: 'a1' }))).toEqual([[0, 'blocked_id']]);
  expect(codesOf(read('alias', { userId: 'null', previousId: 'null', anonymousId: 'a' }))).toEqual([
    [0, 'blocked_id'],
  ]);
  expect(codesOf(read('alias', { previousId: 'a1' }))).toEqual([[0, 'no_identity']]);
  expect(codesOf(read('alias', { userId: 'u1' }))).toEqual([[0, 'invalid_event']]);
});

test('I32: with a key of a web page, what only a server may say is refused', () => {
  const browser = { fromBrowser: true };
  const track = { userId: 'u1', event: 'e' };
  expect(only('track', track, browser).fromBrowser).toBe(true);
  expect(only('track', track)).not.toHaveProperty('fromBrowser');
  expect(codesOf(read('track', { ...track, personId: 'p' }, browser))).toEqual([[0, 'not_allowed']]);
  expect(codesOf(read('track', { ...track, ...subscription }, browser))).toEqual([[0, 'not_allowed']]);
  expect(codesOf(read('import', { batch: [{ ...track, type: 'track' }] }, browser))).toEqual([
    [null, 'not_allowed'],
  ]);
  expect(only('alias', { userId: 'u9', previousId: 'a1' }, browser)).toMatchObject({ fromBrowser: true });
});

test('a subscription is refused with the path of its fault', () => {
  expect(only('track', { userId: 'u1', ...subscription }).properties).toEqual(subscription.properties);
  const outcome = read('track', {
    userId: 'u1',
    ...subscription,
    properties: { subscriptionId: 's', status: 7 },
  });
  expect(outcome.rejected[0]).toMatchObject({
    code: 'invalid_event',
    message: 'properties.status must be a string',
  });
  expect(codesOf(read('track', { userId: 'u1', event: 'subscription_updated' }))).toEqual([
    [0, 'invalid_event'],
  ]);
});
