import { connect, type Database, makeCounters, readCounters } from '#database';
import { closeAtEnd, startProxy, useDatabase, waitFor } from '#testkit';

const ignore = (): void => undefined;

function open(url: string) {
  const { db, close } = connect(url, 4, ignore);
  closeAtEnd(close);
  return db;
}

async function valueOf(db: Database, name: string, labels = ''): Promise<number | undefined> {
  return (await readCounters(db)).find((sample) => sample.name === name && sample.labels === labels)?.value;
}

describe('counters', () => {
  const database = useDatabase();

  test('of several processes add up, whatever the order in which each counts, and the close loses nothing', async () => {
    const db = open(database.url);
    const outcomes = Array.from({ length: 50 }, (_none, index) => `outcome-${index}`);
    const processes = Array.from({ length: 6 }, () => makeCounters(db, ignore));
    for (const [index, counters] of processes.entries()) {
      for (const outcome of index % 2 === 0 ? outcomes : [...outcomes].reverse())
        counters.add('automation_deliveries_total', { destination: 'webhook', outcome }, 2);
      counters.observe('deadline_lateness_seconds', {}, 0.2);
    }
    await Promise.all(processes.map((counters) => counters.close()));
    const deliveries = (await readCounters(db)).filter(({ name }) => name === 'automation_deliveries_total');
    expect(deliveries).toHaveLength(50);
    expect(new Set(deliveries.map(({ value }) => value))).toEqual(new Set([12]));
    expect(await valueOf(db, 'deadline_lateness_seconds_bucket', 'le="0.25"')).toBe(6);
    expect(await valueOf(db, 'deadline_lateness_seconds_sum')).toBeCloseTo(1.2);
  });

  test('are written by themselves, and after an outage once it is over', async () => {
    const db = open(database.url);
    const proxy = await startProxy(database.url);
    const errors: unknown[] = [];
    const counters = makeCounters(open(proxy.url), (error) => errors.push(error));
    closeAtEnd(() => counters.close());
    counters.add('dead_events_total', {}, 1);
    await waitFor(async () => (await valueOf(db, 'dead_events_total')) === 1);
    proxy.cut();
    counters.add('dead_events_total', {}, 10);
    await waitFor(() => errors.length > 0);
    counters.add('dead_events_total', {}, 100);
    expect(await valueOf(db, 'dead_events_total')).toBe(1);
    proxy.restore();
    await waitFor(async () => (await valueOf(db, 'dead_events_total')) === 111);
  });
});
