import fc from 'fast-check';
import { makeChunkSizes } from './chunk-sizes';

/** Walks over people, some of whom are refused. @returns who was set aside, and in how many chunks */
function walk(
  total: number,
  refused: ReadonlySet<number>,
): { readonly aside: number[]; readonly chunks: number } {
  const sizes = makeChunkSizes();
  const aside: number[] = [];
  let place = 0;
  let chunks = 0;
  while (place < total) {
    const size = sizes.next();
    const people = Array.from({ length: Math.min(size, total - place) }, (_none, index) => place + index);
    chunks += 1;
    if (!people.some((person) => refused.has(person))) {
      sizes.decided(size, 250);
      place += people.length;
    } else if (size > 1) sizes.refused(size);
    else {
      aside.push(place);
      place += 1;
      sizes.cleared();
    }
  }
  return { aside, chunks };
}

test('whoever is refused is set aside, everybody else is decided, in few chunks', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 4000 }),
      fc.array(fc.nat(3999), { maxLength: 5 }),
      (total, wanted) => {
        const refused = new Set(wanted.filter((person) => person < total));
        const { aside, chunks } = walk(total, refused);
        expect(aside).toEqual([...refused].sort((a, b) => a - b));
        // A person costs the halves on the way to them, and those on the way out.
        expect(chunks).toBeLessThanOrEqual(Math.ceil(total / 1000) + refused.size * 25);
      },
    ),
  );
});

test('a chunk takes as many people as are decided in a quarter of a second', () => {
  const sizes = makeChunkSizes();
  expect(sizes.next()).toBe(1000);
  sizes.decided(1000, 125);
  expect(sizes.next()).toBe(2000);
  sizes.decided(2000, 10_000);
  expect(sizes.next()).toBe(1000);
  sizes.decided(1000, 10_000);
  sizes.decided(500, 10_000);
  expect(sizes.next()).toBe(500);
});
