import type { DatabaseFailure } from '#database';

/** What a job wants done, and the job's fate. */
type Part<Item> = {
  readonly items: readonly Item[];
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
};

/** Lets one piece of work through at a time, in the order of asking. */
export type Gate = <T>(work: () => Promise<T>) => Promise<T>;

export function makeGate(): Gate {
  let last: Promise<unknown> = Promise.resolve();
  return (work) => {
    const mine = last.then(work);
    last = mine.catch(() => undefined);
    return mine;
  };
}

/** What follows a commit, e.g. telling the next stage. It may be repeated; the lane does not wait for it. */
export type FollowUp = () => Promise<void>;

export type LanesOptions<Item> = {
  /** One lane for each. Lanes of two stages that share a gate, and split people alike, never wait for rows. */
  readonly gates: readonly Gate[];
  /** A group takes whole jobs until it has so many items. */
  readonly groupMax: number;
  /** Which lane an item belongs to: any integer; items of one person should agree. */
  readonly laneOf: (item: Item) => number;
  /** Whether small groups keep a pace. Not for a stage whose jobs come from one that does: they come at its pace. */
  readonly paced: boolean;
  /** Does the work of a group, all of it or nothing. @returns what is left to do after the commit, null for nothing */
  readonly run: (items: readonly Item[]) => Promise<FollowUp | null>;
  /** Takes away a single item that fails by itself. What it throws fails the item's job. */
  readonly bury: (item: Item, error: unknown) => Promise<void>;
  readonly classify: (error: unknown) => DatabaseFailure;
  readonly onTrouble: (failure: DatabaseFailure, error: unknown) => void;
};

/** The work was interrupted by the end of the process: its job goes back to the queue. */
export class LanesClosedError extends Error {
  override name = 'LanesClosedError';
}

export type Lanes<Item> = {
  /** Resolves when all items are done and committed; rejects when their own job is at fault. */
  readonly submit: (items: readonly Item[]) => Promise<void>;
  /** Stops waiting for the end of an outage: what is not done rejects with {@link LanesClosedError}. */
  readonly close: () => void;
};

/**
 * Jobs smaller than this share one lane: splitting them would only multiply transactions, and two lanes for them lock
 * the same people: measured, a tenfold latency.
 */
const SMALL_JOB_MAX = 100;
/**
 * Small groups begin at most this often (ms). A transaction costs as much as a dozen items in it: at a third of the load
 * that a machine can bear this saves about a quarter of its CPU, and of the longest waits. The first does not wait.
 */
const SMALL_GROUP_EVERY_MS = 20;
/**
 * From so many items on, up to a full group, a lane rests for as long as the group took: more than that comes at once
 * only where the machine is short of time, and the next group then shares its cost among twice as many. No longer than
 * `restMsMax`: what took longer waited for something else, an outage or a lock.
 */
const BUSY_GROUP = { from: 50, full: 500, restMsMax: 200 } as const;
const OUTAGE_PAUSE_MS = { first: 100, most: 3000 } as const;

const waitMs = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/**
 * Group commit. The items of all waiting jobs are split by person into a few lanes; each lane runs one transaction
 * at a time over everything that waits. Two lanes never touch the same person, so that they don't wait for each
 * other's rows, and a group's cost is shared by all the jobs in it.
 */
export function makeLanes<Item>(options: LanesOptions<Item>): Lanes<Item> {
  const { run, bury, classify, onTrouble } = options;
  let closed = false;
  const pauses = new Set<() => void>();

  const pause = (ms: number): Promise<void> =>
    new Promise((resolve) => {
      const timer = setTimeout(done, ms);
      function done(): void {
        clearTimeout(timer);
        pauses.delete(done);
        resolve();
      }
      pauses.add(done);
    });

  /** Repeats while the failure passes: an outage is waited for, a conflict tried again at once. */
  const insist = async <T>(attempt: () => Promise<T>): Promise<T> => {
    let pauseMs: number = OUTAGE_PAUSE_MS.first;
    for (;;) {
      try {
        return await attempt();
      } catch (error) {
        const failure = classify(error);
        onTrouble(failure, error);
        if (failure === 'bug' || failure === 'data') throw error;
        if (closed) throw new LanesClosedError('stopped while the database was away', { cause: error });
        await pause(failure === 'conflict' ? Math.random() * 20 : pauseMs);
        pauseMs = Math.min(pauseMs * 2, OUTAGE_PAUSE_MS.most);
      }
    }
  };

  /** Runs until it is done. Poison is found by halving, and buried. */
  const work = async (items: readonly Item[]): Promise<FollowUp[]> => {
    try {
      const followUp = await insist(() => run(items));
      return followUp === null ? [] : [followUp];
    } catch (error) {
      if (error instanceof LanesClosedError) throw error;
      const [first] = items;
      if (items.length === 1 && first !== undefined) {
        await insist(() => bury(first, error));
        return [];
      }
      const middle = Math.ceil(items.length / 2);
      return [...(await work(items.slice(0, middle))), ...(await work(items.slice(middle)))];
    }
  };

  /** Ends jobs whose items are committed, once the next stage knows. */
  const finish = async (parts: readonly Part<Item>[], followUps: readonly FollowUp[]): Promise<void> => {
    try {
      for (const followUp of followUps) await insist(followUp);
      for (const part of parts) part.resolve();
    } catch (error) {
      for (const part of parts) part.reject(error);
    }
  };

  const settle = async (parts: readonly Part<Item>[]): Promise<void> => {
    try {
      const followUps = await work(parts.flatMap(({ items }) => items));
      void finish(parts, followUps);
    } catch (error) {
      // Together they fail for one of them: each by itself, so that only the one at fault fails.
      if (parts.length === 1 || error instanceof LanesClosedError)
        for (const part of parts) part.reject(error);
      else for (const part of parts) await settle([part]);
    }
  };

  const lanes = options.gates.map((gate) => makeLane(gate, options, settle));
  const laneAt = (index: number): Lane<Item> => {
    const lane = lanes[Math.abs(index) % lanes.length];
    if (lane === undefined) throw new Error('no lane');
    return lane;
  };

  return {
    submit: async (items) => {
      if (closed) throw new LanesClosedError('stopped');
      if (items.length < SMALL_JOB_MAX) return laneAt(0).push(items);
      const byLane = new Map<Lane<Item>, Item[]>();
      for (const item of items) {
        const lane = laneAt(options.laneOf(item));
        const share = byLane.get(lane);
        if (share === undefined) byLane.set(lane, [item]);
        else share.push(item);
      }
      await Promise.all([...byLane].map(([lane, share]) => lane.push(share)));
    },
    close: () => {
      closed = true;
      for (const wake of Array.from(pauses)) wake();
    },
  };
}

type Lane<Item> = { readonly push: (items: readonly Item[]) => Promise<void> };

/** How long a lane rests (ms) after a group of so many items that took so long. */
function restAfter(size: number, tookMs: number): number {
  if (size >= BUSY_GROUP.full) return 0;
  const busyRestMs = size >= BUSY_GROUP.from ? Math.min(tookMs, BUSY_GROUP.restMsMax) : 0;
  return Math.max(SMALL_GROUP_EVERY_MS - tookMs, busyRestMs);
}

function makeLane<Item>(
  gate: Gate,
  { groupMax, paced }: Pick<LanesOptions<Item>, 'groupMax' | 'paced'>,
  settle: (parts: readonly Part<Item>[]) => Promise<void>,
): Lane<Item> {
  const waiting: Part<Item>[] = [];
  let busy = false;

  const takeGroup = (): Part<Item>[] => {
    let taken = 0;
    let size = 0;
    for (const part of waiting) {
      if (taken > 0 && size + part.items.length > groupMax) break;
      taken += 1;
      size += part.items.length;
    }
    return waiting.splice(0, taken);
  };

  const drain = async (): Promise<void> => {
    busy = true;
    while (waiting.length > 0) {
      const size = waiting.reduce((sum, part) => sum + part.items.length, 0);
      const startedAt = performance.now();
      // A small group rarely meets anybody else's people, and waiting would cost more than it saves. A large one is
      // taken once the gate is open: by then more may have come.
      if (size >= SMALL_JOB_MAX) await gate(() => settle(takeGroup()));
      else await settle(takeGroup());
      const restMs = paced ? restAfter(size, performance.now() - startedAt) : 0;
      if (restMs > 0) await waitMs(restMs);
    }
    busy = false;
  };

  return {
    push: (items) =>
      new Promise<void>((resolve, reject) => {
        waiting.push({ items, resolve, reject });
        if (!busy) void drain();
      }),
  };
}

/** A spread-out integer of a text (FNV-1a), for choosing lanes. */
export function hashOf(text: string): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < text.length; index += 1) {
    hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193);
  }
  return hash >>> 0;
}
