import { parseTime, shiftToYesterday } from './times';

const at = (iso: string): number => Date.parse(iso);

it.each([
  ['19970101', at('1997-01-01')],
  ['2026-11-01T09:30:00Z', at('2026-11-01T09:30:00Z')],
  ['2026-11-01T09:30:00+02:00', at('2026-11-01T07:30:00Z')],
  ['2026-11-01 09:30', at('2026-11-01T09:30:00Z')],
  ['2026-11-01', at('2026-11-01')],
  ['1793525400', at('2026-11-01T09:30:00Z')],
  ['1793525400.25', at('2026-11-01T09:30:00.250Z')],
  [1793525400, at('2026-11-01T09:30:00Z')],
  ['1793525400123', at('2026-11-01T09:30:00.123Z')],
  [' 946684800 ', at('2000-01-01')],
])('reads %j', (text, expected) => {
  expect(parseTime(text)).toBe(expected);
});

it.each(['', 'soon', '19970231', '1997-02-31', '01/02/1997', '1234567', null, undefined, true, {}])(
  'does not read %j',
  (value) => {
    expect(parseTime(value)).toBeNull();
  },
);

it.each([
  ['1998-06-30', '2026-11-22T11:00:00Z'],
  ['1998-06-30T23:59:59.999Z', '2026-11-22T00:00:00Z'],
  ['2031-01-01T05:00:00Z', '2026-11-22T23:59:59Z'],
])('moves %s by whole days, to the day before %s', (last, now) => {
  const shiftMs = shiftToYesterday(at(last), at(now));
  expect(Number.isInteger(shiftMs / 86_400_000)).toBe(true);
  expect(new Date(at(last) + shiftMs).toISOString().slice(0, 10)).toBe('2026-11-21');
});
