import fc from 'fast-check';
import { textKey } from './text-key';

describe('textKey', () => {
  it('gives two different lists never the same key, and equal lists the same', () => {
    const texts = fc.array(
      fc.string({ unit: fc.constantFrom('a', '\n', ',', '"', '\\', '[', ']', ' ', '') }),
      {
        maxLength: 4,
      },
    );
    fc.assert(
      fc.property(texts, texts, (one, other) => {
        const areEqual = one.length === other.length && one.every((text, index) => text === other[index]);
        expect(textKey(one) === textKey(other)).toBe(areEqual);
      }),
      { numRuns: 2000 },
    );
  });
});
