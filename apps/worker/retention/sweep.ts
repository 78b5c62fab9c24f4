import {
  type Database,
  emptyOldDeliveries,
  type RemovedEvents,
  removeOldEvents,
  removeTombstones,
  trimDeadEvents,
} from '#database';
import type { Payload } from '#queues';

/** How long what is stored stays. */
export type Retention = {
  /** Null: for ever. */
  readonly eventDays: number | null;
  readonly deliveryDays: number;
};

export type SweepTools = {
  readonly db: Database;
  readonly retention: Retention;
  /** Asks for the evaluation of people; resolves once the queue holds the request. */
  readonly handOn: (payload: Payload<'evaluations'>) => Promise<void>;
  readonly clock?: () => number;
  /** Whether the process is draining: the next one goes on. */
  readonly isStopping: () => boolean;
};

const DAY_MS = 86_400_000;
/** What one transaction does: some tens of milliseconds, for which the people wait who are looked at. */
const EVENTS = { peopleMax: 100, eventsMax: 200 } as const;
const DELIVERIES_PAGE = 1000;
const DEAD_EVENTS = { days: 90, keep: 100_000, limit: 1000 } as const;
/** No event that was received before an erasure stays in a queue for this long. */
const TOMBSTONES = { days: 30, limit: 1000 } as const;

const before = ({ clock = Date.now }: SweepTools, days: number): number => clock() - days * DAY_MS;

/** What was removed, as the keys of what changed. */
function changesOf(removed: readonly RemovedEvents[]): Payload<'evaluations'> {
  return {
    changes: removed.map(({ personId, names }) => ({
      keys: names.map((name) => `event:${name}`).sort(),
      personIds: [personId],
    })),
  };
}

/** Removes events that are past their retention, and has their people decided anew. */
export async function sweepEvents(tools: SweepTools): Promise<void> {
  const { db, retention, handOn, isStopping } = tools;
  if (retention.eventDays === null) return;
  const batch = { beforeMs: before(tools, retention.eventDays), ...EVENTS };
  for (;;) {
    const looked = await removeOldEvents(db, batch, (removed) => handOn(changesOf(removed)));
    // A person whose events were only partly removed is due again.
    if (looked === null || looked === 0 || isStopping()) return;
  }
}

/** Takes away the bodies of old deliveries and the answers to them. */
export async function sweepDeliveries(tools: SweepTools): Promise<void> {
  const { db, retention, isStopping } = tools;
  const beforeMs = before(tools, retention.deliveryDays);
  let after: string | null = null;
  for (;;) {
    const page = await emptyOldDeliveries(db, { beforeMs, after, limit: DELIVERIES_PAGE });
    if (page === null || page.last === null || isStopping()) return;
    after = page.last;
  }
}

/** Keeps what was set aside, and the tombstones of erased people, from growing without an end. */
export async function sweepRest(tools: SweepTools): Promise<void> {
  const { db, isStopping } = tools;
  const { keep, limit } = DEAD_EVENTS;
  const beforeMs = before(tools, DEAD_EVENTS.days);
  while (!isStopping() && (await trimDeadEvents(db, { beforeMs, keep, limit })) === limit);
  while (
    !isStopping() &&
    (await removeTombstones(db, TOMBSTONES.days * DAY_MS, TOMBSTONES.limit)) === TOMBSTONES.limit
  );
}
