import fc from 'fast-check';
import { parseIsoInstant } from './timestamp';

test('agrees with Date on every instant, at any offset', () => {
  const instants = fc.date({ min: new Date(0), max: new Date('9999-12-30'), noInvalidDate: true });
  const property = fc.property(instants, fc.integer({ min: -14 * 60, max: 14 * 60 }), (date, offset) => {
    const local = new Date(date.getTime() + offset * 60_000).toISOString().slice(0, -1);
    const [hours, minutes] = [Math.floor(Math.abs(offset) / 60), Math.abs(offset) % 60];
    const zone = `${offset < 0 ? '-' : '+'}${String(hours).padStart(2, '0')}:${String(minutes).padStart(2, '0')}`;
    expect(parseIsoInstant(`${local}${zone}`)).toBe(date.getTime());
    expect(parseIsoInstant(date.toISOString())).toBe(date.getTime());
  });
  fc.assert(property, { numRuns: 500 });
});

test.each([
  ['2026-11-01', Date.UTC(2026, 10, 1)],
  ['2026-11-01T09:30', Date.UTC(2026, 10, 1, 9, 30)],
  ['2026-11-01T09:30:15', Date.UTC(2026, 10, 1, 9, 30, 15)],
  ['2026-11-01 09:30:15.5Z', Date.UTC(2026, 10, 1, 9, 30, 15, 500)],
  ['2026-11-01T09:30:15.123456789Z', Date.UTC(2026, 10, 1, 9, 30, 15, 123)],
  ['2026-11-01T09:30:15+0200', Date.UTC(2026, 10, 1, 7, 30, 15)],
  ['2026-11-01T09:30:15-02', Date.UTC(2026, 10, 1, 11, 30, 15)],
  ['2024-02-29', Date.UTC(2024, 1, 29)],
])('%s is an instant', (text, expected) => {
  expect(parseIsoInstant(text)).toBe(expected);
});

test.each([
  '',
  'now',
  '2026',
  '2026-13-01',
  '2026-00-10',
  '2025-02-29',
  '2026-11-31',
  '2026-11-01T24:00',
  '2026-11-01T10:60',
  '2026-11-01T10:00:60',
  '2026-11-01T10',
  '01.11.2026',
  '2026-11-01T10:00Zx',
])('%p is none', (text) => {
  expect(parseIsoInstant(text)).toBeNull();
});
