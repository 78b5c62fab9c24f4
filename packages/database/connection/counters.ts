import { type Closable, type Counters, makeMetricSums, type MetricSample } from '#runtime';
import type { Models } from './models';
import type { Sql } from './sql';
import { plainArray, textArray } from './literals';

const FLUSH_AFTER_MS = 1000;

/** Adds to counters that all processes share; the samples are sorted, or two processes would deadlock. */
async function addToCounters(sql: Sql, samples: readonly MetricSample[]): Promise<void> {
  await sql.$executeRawUnsafe(
    `INSERT INTO metric_counter AS c (name, labels, value)
     SELECT s.name, s.labels, s.value FROM unnest($1::text[], $2::text[], $3::float8[]) s(name, labels, value)
     ON CONFLICT (name, labels) DO UPDATE SET value = c.value + excluded.value`,
    textArray(samples.map(({ name }) => name)),
    textArray(samples.map(({ labels }) => labels)),
    plainArray(samples.map(({ value }) => value)),
  );
}

/** What all processes have counted so far, in the order of names and labels. */
export async function readCounters(models: Models): Promise<MetricSample[]> {
  return models.metricCounter.findMany({ orderBy: [{ name: 'asc' }, { labels: 'asc' }] });
}

/**
 * Makes a process's counters. What was counted is written by one statement a second after the first of it, and at the
 * close; nothing is written while nothing is counted. What an outage keeps from being written is written after it; a sum
 * may be written twice if the answer to its commit was lost.
 * @param onError told of each time that nothing could be written
 */
export function makeCounters(db: Sql, onError: (error: unknown) => void): Counters & Closable {
  let timer: NodeJS.Timeout | null = null;
  let writing: Promise<void> = Promise.resolve();
  let isClosed = false;
  const schedule = (): void => {
    if (timer !== null || isClosed) return;
    timer = setTimeout(() => {
      timer = null;
      writing = writing.then(write);
    }, FLUSH_AFTER_MS);
    timer.unref();
  };
  const sums = makeMetricSums(schedule);

  async function write(): Promise<void> {
    const samples = sums.take();
    if (samples.length === 0) return;
    try {
      await addToCounters(db, samples);
    } catch (error) {
      sums.giveBack(samples);
      onError(error);
    }
  }

  return {
    name: 'the counters',
    add: sums.add,
    observe: sums.observe,
    close: async () => {
      isClosed = true;
      if (timer !== null) clearTimeout(timer);
      await writing;
      await write();
    },
  };
}
