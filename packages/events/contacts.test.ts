import fc from 'fast-check';
import { normaliseEmail, normalisePhone, normaliseTraits } from './contacts';
import { EMAIL_CHARS_MAX, PHONE_CHARS_MAX } from './limits';

test.each([
  ['anna@example.com', 'anna@example.com'],
  [' Anna@ACME.com\n', 'anna@acme.com'],
  ['\u00A0a@example.com\uFEFF', 'a@example.com'],
  ['anna+tag.x_y%z@mail.sub-domain.example.co.uk', 'anna+tag.x_y%z@mail.sub-domain.example.co.uk'],
  ["o'neil@example.com", "o'neil@example.com"],
  ['zoë@exämple.de', 'zoë@exämple.de'],
  ['用户@例え.テスト', '用户@例え.テスト'],
  ['a@xn--bcher-kva.example', 'a@xn--bcher-kva.example'],
  ['1@2.c', '1@2.c'],
  [`${'a'.repeat(EMAIL_CHARS_MAX - 12)}@example.com`, `${'a'.repeat(EMAIL_CHARS_MAX - 12)}@example.com`],
])('%j is the address %j', (given, expected) => {
  expect(normaliseEmail(given)).toBe(expected);
});

const NO_ADDRESSES =
  'N/A null none anna anna@ @example.com a@b a@b. a@.b a@b..c a@@b.c a@b.c@d.e a@b.c;d@e.f <anna@example.com> ' +
  '"a"@example.com mailto:a@example.com a@-b.c a@b-.c a@127.0.0.1 a@b.1 a@b.c/d a@b,c {{email}}';

test.each([
  ...NO_ADDRESSES.split(' '),
  '',
  ' ',
  'a b@example.com',
  'a@exa mple.com',
  'a@b.c, d@e.f',
  'Anna <anna@example.com>',
  '\u200B',
  'a\u200B@example.com',
  'a@exam\u200Bple.com',
  'a@example.com\u200B',
  'a\u0000@example.com',
  'a@example.com\u0000',
  '\ud800@b.c',
  'a\n@example.com',
  `${'a'.repeat(EMAIL_CHARS_MAX - 11)}@example.com`,
  'x'.repeat(5_000),
  `a@${'b.'.repeat(5_000)}c`,
  7,
  true,
  null,
  undefined,
  {},
  [['a@b.c']],
])('%j is no address', (given) => {
  expect(normaliseEmail(given)).toBeNull();
});

test('an address is its own normal form', () => {
  fc.assert(
    fc.property(fc.emailAddress(), (email) => {
      const once = normaliseEmail(email);
      if (once !== null) expect(normaliseEmail(once)).toBe(once);
    }),
  );
});

test('a long text that is nearly an address is read in no time', () => {
  const startedAt = performance.now();
  for (let round = 0; round < 200; round += 1) {
    expect(normaliseEmail(`a@${'b-'.repeat(150)}`)).toBeNull();
    expect(normaliseEmail(`a@${'b.'.repeat(150)}!`)).toBeNull();
  }
  expect(performance.now() - startedAt).toBeLessThan(2_000);
});

test.each<[unknown, string | null]>([
  [' +49 30 123456 ', '+49 30 123456'],
  [4930123456, '4930123456'],
  ['9'.repeat(PHONE_CHARS_MAX), '9'.repeat(PHONE_CHARS_MAX)],
  ['9'.repeat(PHONE_CHARS_MAX + 1), null],
  ['', null],
  [' ', null],
  [null, null],
  [true, null],
  [{}, null],
])('the phone of %j is %j', (given, expected) => {
  expect(normalisePhone(given)).toBe(expected);
});

test('the e-mail trait is kept in the normal form, or as it is where it is no address', () => {
  expect(normaliseTraits({ email: ' Anna@ACME.com ', plan: 'Pro' })).toEqual({
    email: 'anna@acme.com',
    plan: 'Pro',
  });
  for (const traits of [
    { email: 'N/A' },
    { email: null },
    { email: '' },
    { email: 5 },
    { plan: 'A@B.C' },
    {},
  ]) {
    expect(normaliseTraits(traits)).toBe(traits);
  }
});
