import { redact } from './redact';

test.each([
  ['The address a.b+c@x.io is odd', 'The address [e-mail] is odd'],
  ['"a@x.io", <b@y.io>', '"[e-mail]", <[e-mail]>'],
  ['/contacts/a%40x.io/segments', '[e-mail]'],
  [`hash ${'a1'.repeat(32)} unknown`, 'hash [hash] unknown'],
  ['key re_123 of re_123', 'key [secret] of [secret]'],
  ['nothing to hide', 'nothing to hide'],
])('%s', (text, expected) => {
  expect(redact(text, ['re_123', ''], 300)).toBe(expected);
});

test('a long text takes no longer than a short one', () => {
  const startedMs = performance.now();
  for (const text of ['a', '1f', 'a.%4', '[x'])
    expect(redact(text.repeat(32 * 1_024), ['key'], 300)).toHaveLength(300);
  expect(performance.now() - startedMs).toBeLessThan(500);
});

test('wherever the cut falls, nothing is left of what it falls into', () => {
  const secret = 're_ABCDEFGHIJKLMNOP';
  const hash = 'abc1'.repeat(16);
  for (const hidden of [secret, 'ada.lovelace@analytical.example', hash]) {
    for (let before = 0; before <= 400; before += 1) {
      const text = `${'- '.repeat(before)}${hidden} ${hidden} ${'- '.repeat(400)}`;
      const shown = redact(text, [secret], 400);
      expect(shown.length).toBeLessThanOrEqual(400);
      expect(shown).not.toMatch(/re_|ABC|ada|lovelace|analytical|abc1/);
    }
  }
});
