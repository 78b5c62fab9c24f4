import { standsForNobody, usableIds } from './nobody';

const BLOCKED =
  'null NULL undefined nil none NaN true False anonymous Guest unknown N/A id userId user_id distinctId distinct_id email ' +
  'not_authenticated 0 000 - -1 0-0 00000000-0000-0000-0000-000000000000 FFFFFFFF-FFFF-FFFF-FFFF-FFFFFFFFFFFF "null" ' +
  "'null' `null` \"\" '0' {{id}} ${userId} %user_id% %% <>";
const ORDINARY =
  '0x1 nullable id7 u_1 1 -2 10 100% a0 \'null null" "nully" anonymous-7 guest1 a@example.com {id} $id <id ' +
  '00000000-0000-0000-0000-000000000001';

test.each([
  ...BLOCKED.split(' '),
  '',
  ' ',
  ' Null ',
  ' "undefined" ',
  '[object Object]',
  '{{ user.id }}',
  '<user id>',
  '{{a\nb}}',
])('%j stands for nobody', (id) => {
  expect(standsForNobody(id)).toBe(true);
});

test.each([...ORDINARY.split(' '), 'null null'])('%j is an ordinary id', (id) => {
  expect(standsForNobody(id)).toBe(false);
});

test.each([
  [{ userId: 'u', anonymousId: 'a' }, false, { userId: 'u', anonymousId: 'a' }],
  [{ userId: 'null', anonymousId: 'a' }, false, { anonymousId: 'a' }],
  [{ userId: 'u', anonymousId: '0' }, false, { userId: 'u' }],
  [{ userId: 'null' }, true, {}],
  [{ anonymousId: '{{id}}' }, true, {}],
  [{ userId: 'null', anonymousId: '0' }, true, {}],
  // An ordinary person, whom nothing is linked to.
  [{ userId: 'null' }, false, { userId: 'null' }],
  [{ anonymousId: 'undefined' }, false, { anonymousId: 'undefined' }],
  [{ userId: 'null', anonymousId: '0' }, false, { userId: 'null' }],
  [{}, false, {}],
])('of %j (known otherwise: %s) there remain %j', (ids, isKnownOtherwise, expected) => {
  expect(usableIds(ids, isKnownOtherwise)).toEqual(expected);
});
