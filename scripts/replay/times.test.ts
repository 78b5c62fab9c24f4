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
  ['2014-11-25 14:45:53 +1100', at('2014-11-25T03:45:53Z')],
  ['2019-10-01 00:00:00 UTC', at('2019-10-01')],
  ['20150218230000', at('2015-02-18T23:00:00Z')],
  ['201502182300', at('2015-02-18T23:00:00Z')],
  // No date has a month 53.
  ['195300000000', 195_300_000_000],
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
