import fc from 'fast-check';
import { makePeople } from './test/people';

test('I1: a visitor is one person', () => {
  const { t, all } = makePeople();
  t(null, 'a1');
  t(null, 'a1');
  expect(all().map(({ events }) => events.length)).toEqual([2]);
});

test('I2: a visitor who is named stays the person they were', () => {
  const { t, id, ofUser } = makePeople();
  const visitor = t(null, 'a1').person;
  expect(id('u1', 'a1').person).toBe(visitor);
  expect(ofUser('u1')).toBe(visitor);
});

test('I3: a visitor and a known user become one, with what both did', () => {
  const { t, id, all } = makePeople();
  for (const _ of [1, 2]) t(null, 'a1');
  for (const _ of [1, 2]) t('u1', null);
  const loser = id('u1', 'a1').plan;
  expect(loser).toMatchObject({ merges: [{ loser: 'p1' }] });
  expect(all()).toHaveLength(1);
  expect(all()[0]?.events).toHaveLength(5);
});

test('I4: in the other order too', () => {
  const { t, id, all } = makePeople();
  id('u1', 'a1');
  t(null, 'a1');
  expect(all()).toHaveLength(1);
});

test("I5, I6, I7: a shared computer stays its first user's, and each user their own", () => {
  const { t, id, all } = makePeople();
  const ana = id('ana', 'd').person;
  const ben = id('ben', 'd').person;
  expect(t(null, 'd').person).toBe(ana);
  expect(t('ben', 'd').person).toBe(ben);
  expect(all()).toHaveLength(2);
  const other = makePeople();
  other.t('ben', null);
  other.id('ana', 'd');
  expect(other.id('ben', 'd').plan).toMatchObject({ conflicts: ['taken'], merges: [] });
  expect(other.all()).toHaveLength(2);
});

test('I8: a user has many browsers', () => {
  const { t, id } = makePeople();
  id('u1', 'a1');
  const user = id('u1', 'a2').person;
  expect(t(null, 'a2').person).toBe(user);
});

const NOBODIES = [
  'null',
  'undefined',
  '0',
  '-1',
  'anonymous',
  'Guest',
  "'null'",
  '{{user.id}}',
  '00000000-0000-0000-0000-000000000000',
];

test.each(NOBODIES)('I9, I10: %s names nobody and joins nobody', (nobody) => {
  const { id, all, ofUser } = makePeople();
  id(nobody, 'a1');
  id(nobody, 'a2');
  expect(all()).toHaveLength(2);
  expect(ofUser(nobody)).toBeNull();
});

test('an id that stands for nobody, alone, is an ordinary person whom nothing joins', () => {
  const { t, send, all, ofUser } = makePeople();
  send({ email: 'e@x.example' });
  t('null', null, { traits: { email: 'e@x.example' } });
  expect(t('null', '0').person).toBe(ofUser('null'));
  expect(all()).toHaveLength(2);
  // Beside an address it is left out.
  expect(send({ userId: 'null', email: 'e@x.example' }).person?.events).toHaveLength(2);
});

test('I11: ids that only look like these are ordinary', () => {
  const { id, all } = makePeople();
  for (const user of ['0x1', 'nullable', 'id7']) {
    id(user, `${user}-a`);
    id(user, `${user}-b`);
  }
  expect(all()).toHaveLength(3);
});

test('I12: an alias to oneself does nothing', () => {
  const { al, all } = makePeople();
  expect(al('c1', 'c1').plan).toEqual({ outcome: 'nothing' });
  expect(all()).toEqual([]);
});

test('I13: a circle of aliases is one person', () => {
  const { al, t, all } = makePeople();
  al('c1', 'c2');
  al('c2', 'c3');
  al('c3', 'c1');
  const people = ['c1', 'c2', 'c3'].map((user) => t(user, null).person);
  expect(new Set(people).size).toBe(1);
  expect(all()).toHaveLength(1);
});

test('I14: a chain of 40, both ways and in any order, is one person', () => {
  const users = Array.from({ length: 40 }, (_, index) => `c${index}`);
  const pairs = users.slice(1).flatMap((user, index) => [
    [user, `c${index}`],
    [`c${index}`, user],
  ]);
  const calls = fc.shuffledSubarray(pairs, { minLength: pairs.length });
  fc.assert(
    fc.property(calls, (order) => {
      const { t, al, all } = makePeople();
      for (const user of users) t(user, null);
      for (const [user = '', other = ''] of order) al(user, other);
      expect(all()).toHaveLength(1);
      expect(all()[0]?.userIds.size).toBe(40);
    }),
    { numRuns: 20 },
  );
});

test('I15: an alias may come before the events that it speaks of', () => {
  const { t, al } = makePeople();
  const user = al('u1', 'u0').person;
  expect(t('u0', null).person).toBe(user);
  expect(t(null, 'u0').person).toBe(user);
});

test('I16: an alias names a visitor', () => {
  const { t, al } = makePeople();
  const visitor = t(null, 'a1').person;
  expect(al('u2', 'a1').person).toBe(visitor);
});

test('I28: who was known by an address only becomes the user with that address', () => {
  const { send, t, all } = makePeople();
  send({ email: 'e@x.example' });
  t('u1', null, { kind: 'identify', traits: { email: ' E@X.example ' } });
  expect(all()).toHaveLength(1);
  expect(all()[0]?.events).toHaveLength(2);
});

test("I29: an address does not join two users; mail is the first one's", () => {
  const { send, t, all } = makePeople();
  const first = t('u1', null, { traits: { email: 'e@x.example' } }).person;
  t('u2', null, { traits: { email: 'e@x.example' } });
  expect(send({ email: 'e@x.example' }).person).toBe(first);
  expect(all()).toHaveLength(2);
});

test('I32: with a key of a web page two users stay two, and a visitor joins', () => {
  const { t, al } = makePeople();
  t('ana', null);
  t('ben', null);
  t(null, 'a1');
  expect(al('ana', 'ben', { fromBrowser: true }).plan).toEqual({ outcome: 'rejected', code: 'not_allowed' });
  expect(al('u9', 'a1', { fromBrowser: true }).person?.events).toHaveLength(2);
});

test('I34: ids compare byte by byte', () => {
  const { t, all } = makePeople();
  t('u1', null);
  t('U1', null);
  t(' u1', null);
  expect(all()).toHaveLength(3);
});

test('S9, S10: a customer joins by address, and stays with their first user', () => {
  const { send, t, all, ofCustomer, ofUser } = makePeople();
  t('u1', null, { traits: { email: 'e@x.example' } });
  send({ customerId: 'stripe:cus_1' });
  expect(ofCustomer('stripe:cus_1')).not.toBe(ofUser('u1'));
  send({ customerId: 'stripe:cus_1', email: 'e@x.example', traits: { email: 'e@x.example' } });
  expect(ofCustomer('stripe:cus_1')).toBe(ofUser('u1'));
  expect(all()).toHaveLength(1);
  expect(send({ customerId: 'stripe:cus_1', userId: 'u2' }).person).toBe(ofUser('u2'));
  t('u2', null);
  expect(send({ customerId: 'stripe:cus_1', userId: 'u2' }).plan).toMatchObject({ conflicts: ['taken'] });
  expect(ofCustomer('stripe:cus_1')).toBe(ofUser('u1'));
  // The other way round: the customer came first.
  const later = makePeople();
  later.send({ customerId: 'stripe:cus_1', email: 'e@x.example', traits: { email: 'e@x.example' } });
  later.t('u1', null, { traits: { email: 'e@x.example' } });
  expect(later.ofCustomer('stripe:cus_1')).toBe(later.ofUser('u1'));
});

test("with any events an id is one person's, no event is lost, and only an alias joins two users", () => {
  const user = fc.constantFrom('u1', 'u2', 'u3', 'null');
  const visitor = fc.constantFrom('a1', 'a2', 'u1', '0');
  const event = fc.record(
    {
      kind: fc.constantFrom('track', 'identify', 'alias'),
      userId: user,
      anonymousId: visitor,
      previousId: fc.constantFrom('u1', 'u2', 'a1', 'a3'),
      customerId: fc.constantFrom('stripe:c1', 'stripe:c2'),
      email: fc.constantFrom('e@x.example', 'f@x.example'),
      traits: fc.constantFrom({ email: 'e@x.example' }, { email: 'f@x.example' }, {}),
    },
    { requiredKeys: ['kind', 'email'] },
  );
  fc.assert(
    fc.property(fc.array(event, { maxLength: 25 }), (events) => {
      const { send, all } = makePeople();
      let kept = 0;
      for (const one of events) {
        const before = new Map(all().map((person) => [person.id, person.userIds.size]));
        const { plan } = send(one);
        if (plan.outcome !== 'person') continue;
        kept += 1;
        expect(plan.merges.filter(({ cause }) => cause === 'alias').length > 0 && one.kind !== 'alias').toBe(
          false,
        );
        const losers = plan.merges
          .filter(({ cause }) => cause !== 'alias')
          .map(({ loser }) => before.get(loser) ?? -1);
        // A visitor who is known by the previous id alone has that as a userId.
        for (const count of losers) expect(count).toBeLessThanOrEqual(one.previousId === undefined ? 0 : 1);
      }
      expect(all().reduce((sum, { events: done }) => sum + done.length, 0)).toBe(kept);
      const ids = all().flatMap((p) => [
        ...[...p.userIds].map((i) => `u ${i}`),
        ...[...p.anonymousIds].map((i) => `a ${i}`),
        ...p.customerIds,
      ]);
      expect(new Set(ids).size).toBe(ids.length);
    }),
    { numRuns: 300 },
  );
});
