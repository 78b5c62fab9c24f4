import type { KnownPerson } from './draft';
import type { Identities, IdentityLink } from './identities';
import { type IdentityPlan, type KnownPeople, planIdentities } from './plan-identities';

const NOBODY: KnownPeople = {
  byPersonId: null,
  byUserId: null,
  byAnonymousId: null,
  byCustomerId: null,
  byPreviousUserId: null,
  byPreviousAnonymousId: null,
  byEmail: null,
  byTraitEmail: [],
};

const NOTHING: Identities = {
  personId: null,
  userId: null,
  anonymousId: null,
  customerId: null,
  previousId: null,
  isAlias: false,
  email: null,
  traitEmail: null,
  isAlone: false,
  fromBrowser: false,
  onlyIfKnown: false,
};

const person = (personId: string, more: Partial<KnownPerson> = {}): KnownPerson => ({
  personId,
  userIds: 0,
  anonymousIds: 0,
  customerIds: 0,
  events: 10,
  ...more,
});
const U = person('U', { userIds: 1 });
const V = person('V', { anonymousIds: 1 });
const NAMED = person('N', { userIds: 1, anonymousIds: 1 });
const MAIL_ONLY = person('M');

const userId: IdentityLink = { kind: 'userId', value: 'u1' };
const anonymousId: IdentityLink = { kind: 'anonymousId', value: 'a1' };
const customerId: IdentityLink = { kind: 'customerId', value: 'stripe:cus_1' };
const previous: IdentityLink[] = [
  { kind: 'userId', value: 'p1' },
  { kind: 'anonymousId', value: 'p1' },
];

const plan = (ids: Partial<Identities>, known: Partial<KnownPeople> = {}): IdentityPlan =>
  planIdentities({ ...NOTHING, ...ids }, { ...NOBODY, ...known });

const whose = (personId: string | null, links: IdentityLink[] = [], more: Partial<IdentityPlan> = {}) => ({
  outcome: 'person',
  personId,
  newEmail: null,
  links,
  merges: [],
  conflicts: [],
  ...more,
});
const merged = (loser: string, cause: string) => ({ merges: [{ loser, cause }] }) as Partial<IdentityPlan>;
const conflict = (reason: string) => ({ conflicts: [reason] }) as Partial<IdentityPlan>;

const both = { userId: 'u1', anonymousId: 'a1' };
const alias = { isAlias: true, userId: 'u1', previousId: 'p1' };

test.each<[string, Partial<Identities>, Partial<KnownPeople>, unknown]>([
  ['1: –, unknown', { anonymousId: 'a1' }, {}, whose(null, [anonymousId])],
  ['2: –, known', { anonymousId: 'a1' }, { byAnonymousId: V }, whose('V')],
  ['2: –, known and named', { anonymousId: 'a1' }, { byAnonymousId: NAMED }, whose('N')],
  ['3: unknown, –', { userId: 'u1' }, {}, whose(null, [userId])],
  ['4: known, –', { userId: 'u1' }, { byUserId: U }, whose('U')],
  ['5: both unknown', both, {}, whose(null, [anonymousId, userId])],
  ['6: unknown, a visitor', both, { byAnonymousId: V }, whose('V', [userId])],
  ["7: unknown, another user's", both, { byAnonymousId: NAMED }, whose(null, [userId])],
  ['8: known, unknown', both, { byUserId: U }, whose('U', [anonymousId])],
  ['9: known, the same', both, { byUserId: NAMED, byAnonymousId: NAMED }, whose('N')],
  ['10: known, a visitor', both, { byUserId: U, byAnonymousId: V }, whose('U', [], merged('V', 'identify'))],
  [
    "11: known, another user's",
    both,
    { byUserId: U, byAnonymousId: NAMED },
    whose('U', [], conflict('taken')),
  ],
  [
    '12: a person id, ids unknown',
    { personId: 'U', ...both },
    { byPersonId: U },
    whose('U', [userId, anonymousId]),
  ],
  [
    '12: a person id, ids of others',
    { personId: 'U', ...both },
    { byPersonId: U, byUserId: NAMED, byAnonymousId: V },
    whose('U'),
  ],
  ['12: a person id of nobody', { personId: 'X' }, {}, { outcome: 'rejected', code: 'unknown_person' }],
  ['13: an address that is known', { email: 'e@x' }, { byEmail: U }, whose('U')],
  ['14: an address that is not', { email: 'e@x' }, {}, whose(null, [], { newEmail: 'e@x' })],
  ['14: one that may make nobody', { email: 'e@x', onlyIfKnown: true }, {}, { outcome: 'nothing' }],
  [
    "15: a user's address",
    { userId: 'u1', traitEmail: 'e@x' },
    { byUserId: U, byTraitEmail: [MAIL_ONLY] },
    whose('U', [], merged('M', 'email')),
  ],
  [
    "15: a new user's address",
    { userId: 'u1', traitEmail: 'e@x' },
    { byTraitEmail: [MAIL_ONLY] },
    whose(null, [userId], merged('M', 'email')),
  ],
  [
    "15: a visitor's address",
    { anonymousId: 'a1', traitEmail: 'e@x' },
    { byAnonymousId: V, byTraitEmail: [MAIL_ONLY] },
    whose('V'),
  ],
  [
    '15: an address of people with ids',
    { userId: 'u1', traitEmail: 'e@x' },
    { byUserId: U, byTraitEmail: [NAMED, V] },
    whose('U'),
  ],
  [
    '16: an alias to oneself',
    { ...alias, previousId: 'u1' },
    { byUserId: U, byPreviousUserId: U },
    { outcome: 'nothing' },
  ],
  ['17: an alias of two unknown', alias, {}, whose(null, [userId, ...previous])],
  ['18: an alias, the user known', alias, { byUserId: U }, whose('U', previous)],
  ['18: an alias, the previous known', alias, { byPreviousUserId: NAMED }, whose('N', [userId])],
  ['18: an alias, the previous a visitor', alias, { byPreviousAnonymousId: V }, whose('V', [userId])],
  [
    '19: an alias of two',
    alias,
    { byUserId: U, byPreviousAnonymousId: V },
    whose('U', [], merged('V', 'alias')),
  ],
  [
    '19: an alias of two with names',
    alias,
    { byUserId: U, byPreviousUserId: NAMED },
    whose('U', [], merged('N', 'alias')),
  ],
  ['19: an alias of one', alias, { byUserId: U, byPreviousAnonymousId: U }, whose('U')],
  [
    '19: an alias of two with names, by a key of a web page',
    { ...alias, fromBrowser: true },
    { byUserId: U, byPreviousUserId: NAMED },
    { outcome: 'rejected', code: 'not_allowed' },
  ],
  [
    '19: an alias of a visitor, by a key of a web page',
    { ...alias, fromBrowser: true },
    { byUserId: U, byPreviousAnonymousId: V },
    whose('U', [], merged('V', 'alias')),
  ],
])('row %s', (_, ids, known, expected) => {
  expect(plan(ids, known)).toEqual(expected);
});

test('row 20: an alias of an id that stands for nobody is refused', () => {
  expect(planIdentities(null, NOBODY)).toEqual({ outcome: 'rejected', code: 'blocked_id' });
});

test('an alias links the visitor who said it too, unless that is the previous id', () => {
  expect(
    plan({ ...alias, anonymousId: 'a1' }, { byUserId: U, byPreviousUserId: NAMED, byAnonymousId: V }),
  ).toEqual(
    whose('U', [], {
      merges: [
        { loser: 'N', cause: 'alias' },
        { loser: 'V', cause: 'identify' },
      ],
    }),
  );
  expect(plan({ ...alias, anonymousId: 'p1' }, {})).toEqual(whose(null, [userId, ...previous]));
  expect(
    plan({ ...alias, anonymousId: 'a1' }, { byUserId: U, byPreviousUserId: U, byAnonymousId: NAMED }),
  ).toEqual(whose('U', [], conflict('taken')));
});

test('W12: the previous id of an identify joins a visitor by either kind of id, and no other user', () => {
  const identify = { userId: 'u1', previousId: 'p1' };
  expect(plan(identify)).toEqual(whose(null, [...previous, userId]));
  expect(plan(identify, { byUserId: U, byPreviousAnonymousId: V })).toEqual(
    whose('U', [], merged('V', 'identify')),
  );
  // Known under no other name than this id.
  const once = person('O', { userIds: 1 });
  expect(plan(identify, { byUserId: U, byPreviousUserId: once })).toEqual(
    whose('U', [], merged('O', 'identify')),
  );
  expect(plan(identify, { byPreviousUserId: once })).toEqual(whose('O', [userId]));
  const twice = person('T', { userIds: 2 });
  expect(plan(identify, { byUserId: U, byPreviousUserId: twice })).toEqual(whose('U', [], conflict('taken')));
  expect(plan(identify, { byPreviousUserId: twice })).toEqual(whose(null, [userId]));
});

test("a billing system's customer is found by its id, then by the address, and never names anybody", () => {
  const C = person('C', { customerIds: 1 });
  const customer = { customerId: 'stripe:cus_1', email: 'e@x' };
  expect(plan(customer)).toEqual(whose(null, [customerId], { newEmail: 'e@x' }));
  expect(plan(customer, { byCustomerId: NAMED, byEmail: U })).toEqual(whose('N'));
  expect(plan(customer, { byEmail: U })).toEqual(whose('U', [customerId]));
  expect(plan(customer, { byCustomerId: C, byEmail: U })).toEqual(whose('U', [], merged('C', 'email')));
  expect(plan(customer, { byCustomerId: C, byEmail: C })).toEqual(whose('C'));
  expect(plan({ ...customer, userId: 'u1' }, { byCustomerId: C })).toEqual(whose('C', [userId]));
  expect(plan({ ...customer, userId: 'u1' }, { byUserId: U, byCustomerId: C })).toEqual(
    whose('U', [], merged('C', 'identify')),
  );
  expect(plan({ ...customer, userId: 'u1' }, { byUserId: U, byCustomerId: NAMED })).toEqual(
    whose('U', [], conflict('taken')),
  );
  expect(plan({ ...customer, anonymousId: 'a1' }, { byAnonymousId: V, byCustomerId: C })).toEqual(
    whose('V', [], merged('C', 'identify')),
  );
});

test("I31: past the bound an id stays nobody's, and the event is still the user's", () => {
  const at = (anonymousIds: number) => person('U', { userIds: 1, anonymousIds });
  expect(plan(both, { byUserId: at(499) })).toEqual(whose('U', [anonymousId]));
  expect(plan(both, { byUserId: at(500) })).toEqual(whose('U', [], conflict('too_many_ids')));
  expect(plan(both, { byUserId: at(500), byAnonymousId: V })).toEqual(
    whose('U', [], conflict('too_many_ids')),
  );
  const users = (userIds: number) => person('N', { userIds });
  expect(plan(alias, { byPreviousUserId: users(49) })).toEqual(whose('N', [userId]));
  expect(plan(alias, { byPreviousUserId: users(50) })).toEqual(whose('N', [], conflict('too_many_ids')));
  expect(plan(alias, { byUserId: U, byPreviousUserId: users(50) })).toEqual(
    whose('U', [], conflict('too_many_ids')),
  );
});

test('a person with too many events is not absorbed', () => {
  const large = { ...V, events: 100_001 };
  expect(plan(both, { byUserId: U, byAnonymousId: { ...V, events: 100_000 } })).toEqual(
    whose('U', [], merged('V', 'identify')),
  );
  expect(plan(both, { byUserId: U, byAnonymousId: large })).toEqual(
    whose('U', [], conflict('merge_too_large')),
  );
  expect(plan(alias, { byUserId: U, byPreviousAnonymousId: large })).toEqual(
    whose('U', [], conflict('merge_too_large')),
  );
});
