import fc from 'fast-check';
import { parseInstant } from './instant';

const pad = (value: number, width = 2): string => String(value).padStart(width, '0');

const date = fc
  .record({
    year: fc.integer({ min: 1, max: 9_999 }),
    month: fc.integer({ min: 1, max: 12 }),
    day: fc.integer({ min: 1, max: 28 }),
  })
  .map(({ year, month, day }) => `${pad(year, 4)}-${pad(month)}-${pad(day)}`);
const fraction = fc.oneof(fc.constant(''), fc.stringMatching(/^\.[0-9]{1,9}$/));
const clock = fc
  .tuple(fc.nat(23), fc.nat(59), fc.option(fc.tuple(fc.nat(59), fraction)))
  .map(([hour, minute, rest]) => {
    const seconds = rest === null ? '' : `:${pad(rest[0])}${rest[1]}`;
    return `T${pad(hour)}:${pad(minute)}${seconds}`;
  });
const offset = fc.oneof(
  fc.constant('Z'),
  fc
    .tuple(fc.constantFrom('+', '-'), fc.nat(15), fc.nat(59))
    .map(([sign, h, m]) => `${sign}${pad(h)}:${pad(m)}`),
);

test('agrees with Date.parse on every valid datetime', () => {
  fc.assert(
    fc.property(date, clock, offset, (day, time, zone) => {
      expect(parseInstant(`${day}${time}${zone}`)).toBe(Date.parse(`${day}${time}${zone}`));
      expect(parseInstant(day)).toBe(Date.parse(day));
    }),
    { numRuns: 1_000 },
  );
});

test('reads every form of one instant alike', () => {
  const zones = fc.oneof(
    fc.constantFrom('', 'Z', 'UTC', 'GMT').map((zone) => ({ forms: [zone], iso: 'Z' })),
    fc.tuple(fc.constantFrom('+', '-'), fc.nat(15), fc.nat(59)).map(([sign, h, m]) => ({
      forms: [
        `${sign}${pad(h)}:${pad(m)}`,
        `${sign}${pad(h)}${pad(m)}`,
        ...(m === 0 ? [`${sign}${pad(h)}`] : []),
      ],
      iso: `${sign}${pad(h)}:${pad(m)}`,
    })),
  );
  fc.assert(
    fc.property(date, clock, zones, (day, time, { forms, iso }) => {
      const expected = Date.parse(`${day}${time}${iso}`);
      for (const form of forms) {
        for (const between of ['T', ' ']) {
          for (const blank of form === '' ? [''] : ['', ' ']) {
            expect(parseInstant(`${day}${between}${time.slice(1)}${blank}${form}`)).toBe(expected);
          }
        }
      }
    }),
    { numRuns: 1_000 },
  );
});

test.each([
  ['2014-11-25 14:45:53 +1100', Date.UTC(2014, 10, 25, 3, 45, 53)],
  ['2019-10-01 00:00:00 UTC', Date.UTC(2019, 9, 1)],
  ['2026-11-20T10:00:00', Date.UTC(2026, 10, 20, 10)],
  ['2026-11-20 10:00:00', Date.UTC(2026, 10, 20, 10)],
  ['2026-11-20T10:00:00+0000', Date.UTC(2026, 10, 20, 10)],
  ['2026-11-20T10:00:00+00', Date.UTC(2026, 10, 20, 10)],
  ['2026-11-20 10:00GMT', Date.UTC(2026, 10, 20, 10)],
  ['2026-11-20 10:00:00.5 -15:59', Date.UTC(2026, 10, 21, 1, 59, 0, 500)],
])('%s is an instant', (text, expected) => {
  expect(parseInstant(text)).toBe(expected);
});

test('gives every whole millisecond back that toISOString writes', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: Date.parse('0001-01-01'), max: Date.parse('9999-12-31T23:59:59.999Z') }),
      (atMs) => {
        expect(parseInstant(new Date(atMs).toISOString())).toBe(atMs);
      },
    ),
    { numRuns: 1_000 },
  );
});

test('knows the last day of every month from 1890 to 2110', () => {
  for (let year = 1_890; year <= 2_110; year += 1) {
    for (let month = 1; month <= 12; month += 1) {
      const last = new Date(Date.UTC(year, month, 0));
      expect(parseInstant(`${year}-${pad(month)}-${pad(last.getUTCDate())}`)).toBe(last.getTime());
      expect(parseInstant(`${year}-${pad(month)}-${pad(last.getUTCDate() + 1)}`)).toBeNull();
    }
  }
});

test('cuts off what is finer than a millisecond, before 1970 too', () => {
  expect(parseInstant('2026-01-01T00:00:00.9999Z')).toBe(Date.UTC(2026, 0, 1) + 999);
  expect(parseInstant('1969-12-31T23:59:59.9999Z')).toBe(-1);
});

test.each([
  '',
  '2026',
  '2026-01',
  '2026-1-1',
  '20260101',
  '2026-W01-1',
  '2026-001',
  '2026-00-01',
  '2026-13-01',
  '2026-01-00',
  '2026-04-31',
  '2025-02-29',
  '1900-02-29',
  '0000-01-01',
  '+002026-01-01',
  '-2026-01-01',
  '2026/01/01',
  '2026-01-01T',
  '2026-01-01Z',
  '2026-01-01t00:00:00Z',
  '2026-01-01T00:00:00z',
  '2026-01-01T24:00:00Z',
  '2026-01-01T00:60:00Z',
  '2026-01-01T23:59:60Z',
  '2026-01-01T00:00:00.Z',
  '2026-01-01T00:00:00,5Z',
  '2026-01-01T00:00:00.1234567890Z',
  '2026-01-01T00:00:00.12x4Z',
  '2026-01-01T00:00:0Z',
  '2026-01-01T00Z',
  '2026-01-01T00:00:00+16:00',
  '2026-01-01T00:00:00+01:60',
  '2026-01-01T00:00:00*01:00',
  '2026-01-01T00:00:00ZZ',
  '2026-01-01T00:00Z00+01',
  ' 2026-01-01',
  '2026-01-01 ',
  '2026-01-01\n',
  '２026-01-01',
  'soon',
  '2026-01-01 ',
  '2026-01-01  00:00',
  '2026-01-01_00:00',
  '2026-01-01T00:00 ',
  '2026-01-01T00:00  Z',
  '2026-01-01T00:00\tZ',
  '2026-01-01T00:00 utc',
  '2026-01-01T00:00 CET',
  '2026-01-01T00:00UTC+1',
  '2026-01-01T00:00Z+01:00',
  '2026-01-01T00:00:00+1',
  '2026-01-01T00:00:00+010',
  '2026-01-01T00:00:00+01:',
  '2026-01-01T00:00:00+01:0',
  '2026-01-01T00:00:00+01:000',
  '2026-01-01T00:00:00+01000',
  '2026-01-01T00:00:00+1600',
  '2026-01-01T00:00:00+16',
  '2026-01-01T00:00:00+99:99',
  '2026-01-01T00:00:00-24:00',
  '2026-01-01T00:00:00+01 ',
  '2026-01-01T00:00:00+ 01',
  '2026-01-01T00:00:00\u221201:00',
  '2026-01-01+01:00',
  '01.11.2026',
  '1793525400000',
])('refuses %j', (text) => {
  expect(parseInstant(text)).toBeNull();
});

test('never throws and never gives anything but whole milliseconds', () => {
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.stringMatching(/^[0-9T:.ZUTCGM +-]{0,32}$/)), (text) => {
      const atMs = parseInstant(text);
      expect(atMs === null || Number.isSafeInteger(atMs)).toBe(true);
    }),
  );
});
