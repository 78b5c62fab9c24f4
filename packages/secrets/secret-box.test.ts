import { randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { isSealed, SEALED_PREFIX } from '#automations';
import { makeSecretBox } from './secret-box';

const KEY = randomBytes(32);
const PLACE = { automationId: '019ab7c4-0000-7000-8000-000000000001', use: 'secret' };
const VALUE = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';
const box = makeSecretBox([KEY]);

test('what is sealed opens to the same text, whatever it holds', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), fc.string(), (value, use) => {
      const text = box.seal(value, { ...PLACE, use });
      expect(isSealed(text)).toBe(true);
      expect(makeSecretBox([KEY]).open(text, { ...PLACE, use })).toBe(value);
    }),
  );
});

test('the text is ASCII, names version and key, and shows nothing of value or key', () => {
  const text = box.seal(VALUE, PLACE);
  expect(text).toMatch(/^sealed:v1:[0-9a-f]{8}:[\w-]+$/);
  for (const hidden of [VALUE, Buffer.from(VALUE).toString('base64url'), KEY.toString('hex').slice(0, 8)])
    expect(text).not.toContain(hidden);
});

test('no nonce comes twice', () => {
  const texts = Array.from({ length: 1_000 }, () => box.seal(VALUE, PLACE));
  const nonces = texts.map((text) =>
    Buffer.from(text.split(':')[3] ?? '', 'base64url').toString('hex', 0, 12),
  );
  expect(new Set(nonces).size).toBe(1_000);
});

test('a change of any bit is found', () => {
  const [prefix, version, keyId, payload = ''] = box.seal(VALUE, PLACE).split(':');
  const bytes = Buffer.from(payload, 'base64url');
  for (let bit = 0; bit < bytes.length * 8; bit += 1) {
    const altered = Buffer.from(bytes);
    altered.writeUInt8(altered.readUInt8(bit >> 3) ^ (1 << (bit & 7)), bit >> 3);
    const text = [prefix, version, keyId, altered.toString('base64url')].join(':');
    expect(box.open(text, PLACE)).toBeNull();
  }
});

test('a part of a text opens to nothing', () => {
  const text = box.seal(VALUE, PLACE);
  for (let length = SEALED_PREFIX.length; length < text.length; length += 1)
    expect(box.open(text.slice(0, length), PLACE)).toBeNull();
});

test('a value that was moved to another automation or use does not open there', () => {
  const text = box.seal(VALUE, PLACE);
  expect(box.open(text, { ...PLACE, automationId: PLACE.automationId.replace(/1$/, '2') })).toBeNull();
  expect(box.open(text, { ...PLACE, use: 'header:authorization' })).toBeNull();
});

test('the wrong key opens nothing', () => {
  const text = box.seal(VALUE, PLACE);
  expect(makeSecretBox([randomBytes(32)]).open(text, PLACE)).toBeNull();
  expect(makeSecretBox([]).open(text, PLACE)).toBeNull();
});

test('of several keys the first seals and each opens; sealing again brings a text under the first', () => {
  const newer = randomBytes(32);
  const both = makeSecretBox([newer, KEY]);
  const old = box.seal(VALUE, PLACE);
  expect(both.open(old, PLACE)).toBe(VALUE);
  const renewed = both.seal(old, PLACE);
  expect(makeSecretBox([newer]).open(renewed, PLACE)).toBe(VALUE);
  expect(both.seal(renewed, PLACE)).toBe(renewed);
  const foreign = makeSecretBox([randomBytes(32)]).seal(VALUE, PLACE);
  expect(both.seal(foreign, PLACE)).toBe(foreign);
});

test('without a key values stay in clear; with one, what was left in clear is read, and sealed', () => {
  const open = makeSecretBox([]);
  expect(open.seal(VALUE, PLACE)).toBe(VALUE);
  expect(box.open(VALUE, PLACE)).toBe(VALUE);
});

test('a key of another length is a programming error', () => {
  expect(() => makeSecretBox([randomBytes(16)])).toThrow(TypeError);
});
