import { makeIsBlockedId } from '../../identities/blocked-ids';
import { fromStripe } from './stripe';
import { snapshotOf, thinNotificationOf } from './thin';

const thin = {
  id: 'evt_thin',
  object: 'v2.core.event',
  type: 'v1.customer.subscription.updated',
  created: '2026-11-01T09:30:00.000Z',
  related_object: { id: 'sub_1', type: 'subscription', url: '/v1/subscriptions/sub_1' },
};

const options = {
  receipt: { atMs: 1_800_000_000_000, before: 0 },
  known: () => null,
  isBlocked: makeIsBlockedId(),
};
const NOTIFICATION = {
  eventId: 'evt_thin',
  type: 'customer.subscription.updated',
  at: Date.UTC(2026, 10, 1, 9, 30),
  path: '/v1/subscriptions/sub_1',
  account: null,
};

test("S21: a thin notification says what to fetch, and the fetched object is the twin's event", () => {
  expect(fromStripe(thin, options)).toEqual({ kind: 'thin', notification: NOTIFICATION });
  const object = { id: 'sub_1', status: 'active', customer: 'cus_1', items: { data: [] } };
  const fetchedAt = 1_799_999_999_123;
  const outcome = fromStripe(snapshotOf(NOTIFICATION, object, fetchedAt, 'evt_twin'), options);
  expect(outcome).toMatchObject({
    kind: 'taken',
    events: [{ messageId: 'stripe:evt_twin', occurredAt: fetchedAt, subscription: { status: 'active' } }],
  });
  expect(snapshotOf(NOTIFICATION, object, fetchedAt, null)['id']).toBe('evt_thin');
});

test('S22: a type that does not concern us has nothing to fetch', () => {
  expect(thinNotificationOf({ ...thin, type: 'v1.charge.succeeded' })?.path).toBeNull();
  expect(thinNotificationOf({ ...thin, type: 'v1.customer.subscription.item_price_changed' })?.path).toBe(
    '/v1/subscriptions/sub_1',
  );
});

test.each([
  'https://evil.example/v1/x',
  '//evil.example/v1',
  '/v1/../secrets',
  '/v1/a?b=c',
  '/v2/core/x',
  '/v1/a@b',
  '',
])('no key is sent to %j', (url) => {
  expect(thinNotificationOf({ ...thin, related_object: { url } })?.path).toBeNull();
});

test('a thin notification of a connected account is ignored unless wanted', () => {
  const connected = { ...thin, context: 'acct_1' };
  expect(fromStripe(connected, options)).toEqual({ kind: 'ignored', reason: 'connect' });
  expect(fromStripe(connected, { ...options, withConnect: true }).kind).toBe('thin');
});
