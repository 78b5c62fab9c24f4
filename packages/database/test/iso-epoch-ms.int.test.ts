import fc from 'fast-check';
import { parseInstant } from '#events';
import { closeAtEnd, useDatabase } from '#testkit';
import { type Database, connect } from '../connection/connect';
import { rowsOf } from '../connection/sql';
import { textArray } from '../connection/literals';

const database = useDatabase();
let db: Database;

beforeAll(() => {
  const connection = connect(database.url, 1, () => undefined);
  closeAtEnd(connection.close);
  db = connection.db;
});

/** What the database reads in each text. */
async function read(texts: readonly string[]): Promise<(number | null)[]> {
  const rows = await rowsOf<{ ms: bigint | null }>(
    db,
    'SELECT iso_epoch_ms(t.value) AS ms FROM unnest($1::text[]) WITH ORDINALITY t(value, position) ORDER BY position',
    textArray(texts),
  );
  return rows.map(({ ms }) => (ms === null ? null : Number(ms)));
}

const pad = (value: number, width = 2): string => String(value).padStart(width, '0');
const number = (max: number, width = 2): fc.Arbitrary<string> =>
  fc.nat(max).map((value) => pad(value, width));

/** Nearly always a date, some of which no calendar has. */
const date = fc
  .tuple(fc.oneof(number(9_999, 4), fc.constantFrom('0000', '1900', '2000', '2024')), number(13), number(32))
  .map((parts) => parts.join('-'));
const seconds = fc.tuple(number(61), fc.oneof(fc.constant(''), fc.stringMatching(/^\.[0-9]{0,10}$/)));
const time = fc
  .tuple(fc.constantFrom('T', 'T', ' ', '_'), number(24), number(60), fc.option(seconds))
  .map(
    ([between, hour, minute, rest]) =>
      `${between}${hour}:${minute}${rest === null ? '' : `:${rest.join('')}`}`,
  );
const zone = fc
  .tuple(
    fc.constantFrom('', '', ' ', '  '),
    fc.oneof(
      fc.constantFrom('Z', '', 'z', 'UTC', 'GMT', 'utc', 'CET', 'Z+01', '+1'),
      fc
        .tuple(
          fc.constantFrom('+', '-', '\u2212'),
          number(16),
          fc.constantFrom('', ':', ':', ' '),
          fc.oneof(number(60), fc.constant('')),
        )
        .map((parts) => parts.join('')),
    ),
  )
  .map((parts) => parts.join(''));
const dated = fc.oneof(
  date,
  fc.tuple(date, time, zone).map((parts) => parts.join('')),
);

/** A text with a character put in, taken out or replaced. */
const mutated = fc
  .tuple(
    dated,
    fc.nat(30),
    fc.nat(1),
    fc.constantFrom('', '0', '9', '-', ':', '.', ' ', '\n', 'T', 'Z', '１', '\u0669', 'é', '😀', "'", '\\'),
  )
  .map(([text, at, removed, added]) => text.slice(0, at) + added + text.slice(at + removed));

test('reads exactly what parseInstant reads, and the same instant in it', async () => {
  const seen = { dates: 0, others: 0 };
  const property = fc.asyncProperty(
    fc.array(fc.oneof(dated, dated, mutated, fc.string({ unit: 'grapheme' })), {
      minLength: 50,
      maxLength: 200,
      size: 'max',
    }),
    async (drawn) => {
      // PostgreSQL stores no U+0000.
      const texts = drawn.map((text) => text.replaceAll('\u0000', ''));
      const expected = texts.map(parseInstant);
      for (const ms of expected) seen[ms === null ? 'others' : 'dates'] += 1;
      expect(await read(texts)).toEqual(expected);
    },
  );
  await fc.assert(property, { numRuns: 100 });
  expect(Math.min(seen.dates, seen.others)).toBeGreaterThan(1_000);
}, 60_000);

test('knows the last day of every month, and the ends of time', async () => {
  const texts = [1, 4, 100, 400, 1900, 1970, 1999, 2000, 2023, 2024, 9999].flatMap((year) =>
    Array.from({ length: 12 }, (_none, month) =>
      [28, 29, 30, 31, 32].map((day) => `${pad(year, 4)}-${pad(month + 1)}-${day}`),
    ).flat(),
  );
  const ends = [
    '0001-01-01T00:00:00+15:59',
    '9999-12-31T23:59:59.999999999-15:59',
    '1969-12-31T23:59:59.9999Z',
    '9999-12-31 23:59 -1559',
    '2014-11-25 14:45:53 +1100',
    '2019-10-01 00:00:00 UTC',
    '2019-10-01 00:00GMT',
    '2019-10-01T00:00:00.5+01',
  ];
  const all = [...texts, ...ends];
  expect(await read(all)).toEqual(all.map(parseInstant));
});

test('is safe to compute once, ahead and in parallel, and takes NULL for NULL', async () => {
  const [row] = await rowsOf(
    db,
    `SELECT provolatile::text AS volatility, proisstrict AS strict, proparallel::text AS parallel FROM pg_proc WHERE proname = 'iso_epoch_ms'`,
  );
  expect(row).toEqual({ volatility: 'i', strict: true, parallel: 's' });
});
