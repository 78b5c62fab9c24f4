import { redact } from './redact';

test.each([
  ['The address a.b+c@x.io is odd', 'The address [e-mail] is odd'],
  ['"a@x.io", <b@y.io>', '"[e-mail]", <[e-mail]>'],
  ['/contacts/a%40x.io/segments', '[e-mail]'],
  [`hash ${'a1'.repeat(32)} unknown`, 'hash [hash] unknown'],
  ['key re_123 of re_123', 'key [secret] of [secret]'],
  ['nothing to hide', 'nothing to hide'],
])('%s', (text, expected) => {
  expect(redact(text, ['re_123', ''])).toBe(expected);
});
