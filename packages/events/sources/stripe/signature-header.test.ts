import { isFreshSignature, parseStripeSignature } from './signature-header';

const A = 'a'.repeat(64);
const B = 'b'.repeat(64);

test.each([
  [`t=100,v1=${A}`, 100, [A]],
  [`v1=${A},t=100`, 100, [A]],
  [`t=100,v1=${B},v1=${A},v0=${B}`, 100, [B, A]],
  [`t=99,t=100,v1=${A}`, 100, [A]],
])('%s is read', (header, timestampS, signatures) => {
  expect(parseStripeSignature(header)).toEqual({ timestampS, signatures });
});

const garbled =
  `t=100 v1=${A} t=,v1= t=100,v0=${A} t=100,v1=${A.toUpperCase()} t=100,v1=${A.slice(1)} t=1.5,v1=${A} t=-1,v1=${A} ` +
  `t=x,v1=${A} t=100,v1=${'é'.repeat(64)}`;
const others = ['', `t=100, v1=${A}`, `t=100,v1=${A}${' '.repeat(5000)}`, undefined, [`t=100,v1=${A}`]];

test.each([...garbled.split(' '), ...others])('%j is refused', (header) => {
  expect(parseStripeSignature(header)).toBeNull();
});

test('a signature is good for 300 s, in both directions', () => {
  const nowMs = 1_767_000_000_000;
  const fresh = (ageS: number) =>
    isFreshSignature({ timestampS: nowMs / 1000 - ageS, signatures: [] }, nowMs);
  expect([299, 300, 301, -300, -301, -3600].map(fresh)).toEqual([true, true, false, true, false, false]);
});
