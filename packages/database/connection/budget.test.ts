import fc from 'fast-check';
import { connectionsNeeded, connectionsOf, fitPools, type PoolName, type ProcessName } from './budget';

const PROCESSES: readonly ProcessName[] = ['api', 'worker', 'dispatcher'];
const onRedis: readonly PoolName[] = ['main', 'reads', 'probe'];
const inPostgres: readonly PoolName[] = [...onRedis, 'queue'];
const total = (
  process: ProcessName,
  names: readonly PoolName[],
  available: number | null,
  limit: number | null,
) => Object.values(fitPools(process, names, available, limit)).reduce((sum, size) => sum + size, 0);

test('where nothing limits them, pools are full', () => {
  expect(fitPools('api', inPostgres, null, null)).toEqual({ main: 8, reads: 6, probe: 1, queue: 8 });
  expect(fitPools('worker', inPostgres, 200, null)).toEqual({ main: 13, reads: 0, probe: 0, queue: 11 });
  expect(fitPools('dispatcher', onRedis, 200, null)).toEqual({ main: 8, reads: 0, probe: 0 });
});

test('a server of 12 connections has room for one process of each kind with Redis, by an ordinary role', () => {
  expect(connectionsNeeded(onRedis).least).toBeLessThanOrEqual(12 - 3);
});

test.each([
  ['redis', onRedis],
  ['postgres', inPostgres],
] as const)(
  'one process of each kind fits whatever there is, from the least on, with queues in %s',
  (_where, names) => {
    const { most, least } = connectionsNeeded(names);
    fc.assert(
      fc.property(fc.integer({ min: least, max: most + 50 }), (available) => {
        const all = PROCESSES.map((process) => total(process, names, available, null));
        expect(all.reduce((sum, size) => sum + size, 0)).toBeLessThan(available);
      }),
    );
  },
);

test('a process holds no more than its limit, from its least on', () => {
  for (const process of PROCESSES) {
    const { most, least } = connectionsOf(process, inPostgres);
    for (let limit = least; limit <= most + 2; limit++) {
      expect(total(process, inPostgres, null, limit)).toBeLessThanOrEqual(limit);
    }
    expect(total(process, inPostgres, null, 1)).toBe(least);
    expect(total(process, inPostgres, null, most)).toBe(most);
  }
});
