import { makeIsBlockedId } from './blocked-ids';

const isBlocked = makeIsBlockedId();

const words =
  'null undefined nil none NaN true FALSE anonymous Guest unknown n/a id userId user_id distinctId distinct_id email ' +
  'not_authenticated -1 0 000 - 00000000-0000-0000-0000-000000000000 FFFFFFFF-ffff-ffff-ffff-ffffffffffff ' +
  "{{user.id}} {{}} ${id} %ID% %% <id> <> 'null' \"0\" `guest` ''";
const withBlanks = [
  '',
  ' ',
  '[object Object]',
  '<user id>',
  ' "undefined" ',
  "' null '",
  '\tNone\n',
  '{{a\nb}}',
];

test.each([...words.split(' '), ...withBlanks])('I9, I10: %j stands for nobody', (id) => {
  expect(isBlocked(id)).toBe(true);
});

const ordinary =
  '0x1 nullable id7 a0 1 10 -10 true1 guest1 u1 % <a {id} $id {{a}}b "\'null\'" "null emails 0.0 ' +
  'ffffffff-ffff-ffff-ffff-fffffffffffe';

test.each(ordinary.split(' '))('I11: %j is an ordinary id', (id) => {
  expect(isBlocked(id)).toBe(false);
});

test('ids that an installation adds are blocked in the same forms, and only there', () => {
  const isBlockedHere = makeIsBlockedId([' Demo-User ', '"test"']);
  for (const id of ['demo-user', "'DEMO-USER'", 'TEST', 'null']) expect(isBlockedHere(id)).toBe(true);
  expect(isBlockedHere('demo-user-2')).toBe(false);
  expect(isBlocked('demo-user')).toBe(false);
});
