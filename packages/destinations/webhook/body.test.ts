import { renderWebhookSample } from './body';
import { BODY, DELIVERY_ID } from './test/request';

test('the body has the shape that receivers rely on', () => {
  expect(JSON.parse(BODY)).toEqual({
    id: DELIVERY_ID,
    type: 'segment.entered',
    timestamp: '2026-11-22T09:30:00.000Z',
    data: {
      segment: { id: 's1', name: 'Sörious \u2028 buyers ✓' },
      person: {
        id: 'p1',
        userId: 'u_1',
        email: 'a@x.io',
        phone: null,
        traits: { plan: 'pro' },
        features: { activeDays: 3 },
      },
      membership: { enteredAt: '2026-11-22T09:30:00.000Z', exitedAt: null },
    },
  });
});

test('a test has the shape of an entry, is marked, and is about nobody', () => {
  const body = JSON.parse(renderWebhookSample({ id: 'd1', segment: { id: 's1', name: 'Buyers' }, nowMs: 0 }));
  expect(body).toMatchObject({ id: 'd1', type: 'segment.test', timestamp: '1970-01-01T00:00:00.000Z' });
  const { test: mark, ...data } = body.data;
  expect(mark).toBe(true);
  const keysOf = (value: object) => Object.entries(value).map(([key, inner]) => [key, Object.keys(inner)]);
  expect(keysOf(data)).toEqual(keysOf(JSON.parse(BODY).data));
  expect(data.person).toMatchObject({
    id: '00000000-0000-0000-0000-000000000000',
    email: 'test@example.com',
  });
});
