import { fromSegment } from '../segment-spec/segment';
import { onlyEventOf, options } from '../test/read';
import { jitsuKeyIn, jitsuRouteOf } from './jitsu';

test('a call of Jitsu is one of the Segment API, one event each', () => {
  expect(['track', 'identify', 'page', 'group', 'alias', 'screen'].map(jitsuRouteOf)).not.toContain(null);
  expect(['batch', 'import', 't', 'event', '', '__proto__'].map(jitsuRouteOf)).toEqual(Array(6).fill(null));
  const body = {
    type: 'track',
    event: 'e',
    userId: null,
    anonymousId: 'a1',
    messageId: 'k3x9',
    timestamp: '2026-11-01T00:00:00Z',
    sentAt: '2026-11-01T00:00:00Z',
  };
  const route = jitsuRouteOf('track');
  const event = route && onlyEventOf(fromSegment(route, body, options()));
  expect(event).toMatchObject({ name: 'e', anonymousId: 'a1', messageId: 'k3x9' });
});

test('the key stands before the colon', () => {
  expect(['wk_1:secret', 'wk_1', ' wk_1 :x:y'].map(jitsuKeyIn)).toEqual(['wk_1', 'wk_1', 'wk_1']);
  expect(['', ':secret', undefined, ['wk_1']].map(jitsuKeyIn)).toEqual([null, null, null, null]);
});
