import { countDeadEvents, countGates, type DatabaseProbe, type GateCount, openProbe } from '#database';
import type { QueueBackend } from '#queues';
import { type Closable, LOOK_LIMIT_MS, makeReadiness, makeSampler, type Readiness } from '#runtime';
import { type Pressure, type PressureLimits, watchPressure } from './pressure';

/** What is checked in the background, so that requests for it cost nothing. */
export type Watch = Closable & {
  readonly readiness: Readiness;
  /** What keeps deliveries back; nothing where it can't be told. */
  readonly gates: () => Promise<readonly GateCount[]>;
  /** What lies in `dead_event`, counted up to 100,001; null where it can't be told. */
  readonly deadEvents: () => Promise<number | null>;
  readonly pressure: () => Pressure;
};

/** What `openWatch` takes. */
export type WatchOptions = {
  readonly databaseUrl: string;
  /** The database that holds the queues; null where Redis does. */
  readonly queueUrl: string | null;
  readonly backend: Pick<QueueBackend, 'look' | 'backlog'>;
  readonly limits: PressureLimits;
};

const GATES_EVERY_MS = 1_000;
const DEAD_EVENTS_EVERY_MS = 10_000;
/** Counted no further: nobody needs to know how many more there are. */
const DEAD_EVENTS_MAX = 100_001;

/** Opens a connection of its own, and begins to look. */
export function openWatch({ databaseUrl, queueUrl, backend, limits }: WatchOptions): Watch {
  const probe = openProbe(databaseUrl, LOOK_LIMIT_MS);
  const probes: DatabaseProbe[] = [probe];
  let queue = backend.look;
  if (queueUrl !== null && queueUrl !== databaseUrl) {
    const other = openProbe(queueUrl, LOOK_LIMIT_MS);
    probes.push(other);
    queue = async () => void (await other.look());
  }
  const readiness = makeReadiness({ database: probe.look, queue });
  const gates = makeSampler({
    name: 'the look at the gates',
    everyMs: GATES_EVERY_MS,
    limitMs: LOOK_LIMIT_MS,
    look: () => countGates(probe.sql),
  });
  const deadEvents = makeSampler({
    name: 'the look at the dead events',
    everyMs: DEAD_EVENTS_EVERY_MS,
    limitMs: LOOK_LIMIT_MS,
    look: () => countDeadEvents(probe.sql, DEAD_EVENTS_MAX),
  });
  const pressure = watchPressure(backend.backlog, limits);
  return {
    name: 'the watch',
    readiness,
    gates: async () => {
      const found = await gates.latest();
      return found.ok ? found.value : [];
    },
    deadEvents: async () => {
      const found = await deadEvents.latest();
      return found.ok ? found.value : null;
    },
    pressure: pressure.now,
    close: async () => {
      await Promise.all([readiness, gates, deadEvents, pressure].map((one) => one.close()));
      await Promise.all(probes.map((one) => one.close()));
    },
  };
}
