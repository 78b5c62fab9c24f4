import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { md5 } from './md5';

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

// RFC 1321, appendix A.5.
test.each([
  ['', 'd41d8cd98f00b204e9800998ecf8427e'],
  ['a', '0cc175b9c0f1b6a831c399e269772661'],
  ['abc', '900150983cd24fb0d6963f7d28e17f72'],
  ['message digest', 'f96b697d7cb7938d525a2f31aaf161d0'],
  ['abcdefghijklmnopqrstuvwxyz', 'c3fcd3d76192e4007dfb496cca67e13b'],
  ['ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789', 'd174ab98d277d9f5a5611c2c9f419d9f'],
  ['1234567890'.repeat(8), '57edf4a22be3c955ac49da2e2107b67a'],
])('%j', (text, digest) => {
  expect(hex(md5(text))).toBe(digest);
});

const nodes = (text: string): string => createHash('md5').update(text).digest('hex');

test('is what Node says, of every length around a block, and of any text', () => {
  for (let length = 0; length <= 200; length += 1)
    expect(hex(md5('x'.repeat(length)))).toBe(nodes('x'.repeat(length)));
  const texts = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 300 }),
    fc.string({ unit: 'grapheme', maxLength: 300 }),
    // Unpaired surrogates become U+FFFD on both sides.
    fc.array(fc.integer({ min: 0xd7f0, max: 0xe010 })).map((codes) => String.fromCharCode(...codes)),
  );
  fc.assert(
    fc.property(texts, (text) => {
      expect(hex(md5(text))).toBe(nodes(text));
    }),
    { numRuns: 1_000 },
  );
});
