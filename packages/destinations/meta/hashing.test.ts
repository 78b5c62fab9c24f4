import { audienceRow, hashEmail, hashPhone, rowsFromText, rowToText, rowWithout } from './hashing';

const MARY = 'f1904cf1a9d73a55fa5de0ac823c4403ded71afd4c3248d00bdcd0866552bb79';
const PHONE = 'e323ec626319ca94ee8bff2e4c87cf613be6ea19919ed1364124e16807ab3176';

test.each([
  ['mary@example.com', MARY],
  [' Mary@Example.com ', MARY],
  [' Joe@EG.com ', '8830eedd6c6b5ea97d181563a349476ca1bb25ace1f94b5c5e48d9cad727941b'],
  [MARY, MARY],
  [MARY.toUpperCase(), MARY],
  ['', ''],
  ['   ', ''],
])('e-mail "%s"', (email, hash) => {
  expect(hashEmail(email)).toBe(hash);
});

test('dots and +tags of an address count', () => {
  expect(hashEmail('m.ary+a@example.com')).not.toBe(MARY);
});

test.each([
  ['15559876543', '1ef970831d7963307784fa8688e8fce101a15685d62aa765fed23f3a2c576a4e'],
  ['+1 (650) 555-1212', PHONE],
  ['001 650 555 1212', PHONE],
  ['0049 170 1234567', '8b47a52ed04d068c3a9c5632b98cec18780a9f9f4099d4f8afe233970ce116fe'],
  [PHONE, PHONE],
  [PHONE.toUpperCase(), PHONE],
  ['', ''],
  ['none', ''],
  ['000', ''],
])('phone "%s"', (phone, hash) => {
  expect(hashPhone(phone)).toBe(hash);
});

test('a row: the external id as it is, unknown values empty, none without any identifier', () => {
  const person = { id: 'p', userId: 'u_1', email: 'mary@example.com', phone: null };
  expect(audienceRow(person)).toEqual(['u_1', MARY, '']);
  expect(audienceRow({ ...person, userId: null, email: null, phone: '+16505551212' })).toEqual([
    'p',
    '',
    PHONE,
  ]);
  expect(audienceRow({ ...person, email: ' ', phone: 'unknown' })).toBeNull();
});

test('a row is kept as text, and what is none of ours is left out', () => {
  const row = ['u "1"', MARY, ''] as const;
  expect(rowsFromText([rowToText(row), 'odd', '[1,2,3]', '["a","b"]'])).toEqual([row]);
});

test('what an old row names and a new one does not', () => {
  expect(rowWithout(['u', MARY, PHONE], ['u', 'other', PHONE])).toEqual(['', MARY, '']);
  expect(rowWithout(['u', MARY, ''], ['u', MARY, PHONE])).toBeNull();
});
