import { makeIsBlockedId } from './blocked-ids';

const isBlocked = makeIsBlockedId();

test.each([
  ...['', ' ', 'null', 'undefined', 'nil', 'none', 'NaN', 'true', 'FALSE', 'anonymous', 'Guest', 'unknown'],
  ...['n/a', 'id', 'userId', 'user_id', 'distinctId', 'distinct_id', 'email', 'not_authenticated', '-1'],
  ...['[object Object]', '0', '000', '-', '00000000-0000-0000-0000-000000000000'],
  ...[
    'FFFFFFFF-ffff-ffff-ffff-ffffffffffff',
    '{{user.id}}',
    '{{}}',
    '${id}',
    '%ID%',
    '%%',
    '<user id>',
    '<>',
  ],
  ...["'null'", '"0"', '`guest`', ' "undefined" ', "' null '", '\tNone\n', '{{a\nb}}', "''"],
])('I9, I10: %j stands for nobody', (id) => {
  expect(isBlocked(id)).toBe(true);
});

test.each([
  ...[
    '0x1',
    'nullable',
    'id7',
    'a0',
    '1',
    '10',
    '-10',
    'true1',
    'guest1',
    'u1',
    '%',
    '<a',
    '{id}',
    '$id',
    '{{a}}b',
  ],
  ...['"\'null\'"', '"null', 'ffffffff-ffff-ffff-ffff-fffffffffffe', 'emails', '0.0'],
])('I11: %j is an ordinary id', (id) => {
  expect(isBlocked(id)).toBe(false);
});

test('ids that an installation adds are blocked in the same forms, and only there', () => {
  const isBlockedHere = makeIsBlockedId([' Demo-User ', '"test"']);
  for (const id of ['demo-user', "'DEMO-USER'", 'TEST', 'null']) expect(isBlockedHere(id)).toBe(true);
  expect(isBlockedHere('demo-user-2')).toBe(false);
  expect(isBlocked('demo-user')).toBe(false);
});
