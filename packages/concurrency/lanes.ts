import type { CompanyWindow } from './company';
import { type Failure, type Patience, persist, StoppedError } from './patience';
import type { Turns } from './places';
import { makeSignal } from './signal';

/** What a job wants done, and the job's fate. */
type Part<Item, Result> = {
  readonly items: readonly Item[];
  readonly resolve: (results: Result[]) => void;
  readonly reject: (error: unknown) => void;
};

/** What follows a commit, e.g. telling the next stage. It may be repeated; the lane does not wait for it. */
export type FollowUp = () => Promise<void>;

/** What came of a group. */
export type Done<Result> = {
  /** One for each item, in their order; none where nobody asks for them. */
  readonly results?: readonly Result[];
  readonly followUp?: FollowUp;
};

export type LanesOptions<Item, Result = never> = {
  /** One lane for each. Lanes of two stages that share their turns, and split people alike, never wait for rows. */
  readonly turns: readonly Turns[];
  /** A group takes whole jobs until it has so many items. */
  readonly groupMax: number;
  /** Which lane an item belongs to: any integer; items of one person should agree. */
  readonly laneOf: (item: Item) => number;
  /** Whether small groups keep a pace. Not for a stage whose jobs come from one that does: they come at its pace. */
  readonly paced: boolean;
  /** Does the work of a group, all of it or nothing. */
  readonly run: (items: readonly Item[]) => Promise<Done<Result>>;
  /** Takes away a single item that fails by itself. What it throws fails the item's job. */
  readonly bury: (item: Item, error: unknown) => Promise<void>;
  readonly classify: (error: unknown) => Failure;
  readonly onFailure: (failure: Failure, error: unknown) => void;
};

export type Lanes<Item, Result = never> = {
  /**
   * Resolves when all items are done and committed; rejects when their own job is at fault.
   * @returns the results in the order of the items, without those that were buried. The items of a large job are in
   *   order only within their lane
   */
  readonly submit: (items: readonly Item[]) => Promise<Result[]>;
  /** Stops waiting for the end of an outage: what is not done rejects with {@link StoppedError}. */
  readonly close: () => void;
};

/**
 * Jobs smaller than this share one lane: splitting them would only multiply transactions, and two lanes for them lock
 * the same people: measured, a tenfold latency.
 */
const SMALL_JOB_MAX = 100;
/**
 * Small groups begin at most this often (ms): `busyMs` after one of `busyItems` or more. A transaction costs as much as a
 * dozen items in it: at a third of the load that a machine can bear the longer pace saves about a quarter of its CPU, and
 * of the longest waits. Where less comes, nothing is saved and each item waits: then it is `quietMs`. The first does not wait.
 */
const SMALL_GROUP_EVERY = { busyMs: 20, busyItems: 8, quietMs: 2 } as const satisfies CompanyWindow;
/**
 * From so many items on, up to a full group, a lane rests for as long as the group took: more than that comes at once
 * only where the machine is short of time, and the next group then shares its cost among twice as many. No longer than
 * `restMsMax`: what took longer waited for something else, an outage or a lock.
 */
const BUSY_GROUP = { from: 50, full: 500, restMsMax: 200 } as const;

const waitMs = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** The results by item, none for one that was buried, and what follows the commits. */
type Outcome<Result> = {
  readonly results: readonly (readonly Result[])[];
  readonly followUps: readonly FollowUp[];
};

/**
 * Group commit. The items of all waiting jobs are split by person into a few lanes; each lane runs one transaction
 * at a time over everything that waits. Two lanes never touch the same person, so that they don't wait for each
 * other's rows, and a group's cost is shared by all the jobs in it.
 */
export function makeLanes<Item, Result = never>(options: LanesOptions<Item, Result>): Lanes<Item, Result> {
  const { classify, onFailure } = options;
  const { pause, isClosed, close } = makeSignal();
  const patience = { classify, onFailure, pause, isStopping: isClosed };
  const lanes = options.turns.map((turns) => makeLane(turns, options, patience));
  const laneAt = (index: number): Lane<Item, Result> => {
    const lane = lanes[Math.abs(index) % lanes.length];
    if (lane === undefined) throw new Error('no lane');
    return lane;
  };

  return {
    submit: async (items) => {
      if (isClosed()) throw new StoppedError('stopped');
      if (items.length === 0) return [];
      if (items.length < SMALL_JOB_MAX) return laneAt(0).push(items);
      const byLane = new Map<Lane<Item, Result>, Item[]>();
      for (const item of items) {
        const lane = laneAt(options.laneOf(item));
        const share = byLane.get(lane);
        if (share === undefined) byLane.set(lane, [item]);
        else share.push(item);
      }
      const results = await Promise.all([...byLane].map(([lane, share]) => lane.push(share)));
      return results.flat();
    },
    close,
  };
}

type Lane<Item, Result> = { readonly push: (items: readonly Item[]) => Promise<Result[]> };

/** How long a lane rests after a group (ms). @param size the items of the group @param tookMs how long it took */
function restAfter(size: number, tookMs: number): number {
  if (size >= BUSY_GROUP.full) return 0;
  const busyRestMs = size >= BUSY_GROUP.from ? Math.min(tookMs, BUSY_GROUP.restMsMax) : 0;
  const { busyMs, busyItems, quietMs } = SMALL_GROUP_EVERY;
  return Math.max((size >= busyItems ? busyMs : quietMs) - tookMs, busyRestMs);
}

function makeLane<Item, Result>(
  turns: Turns,
  options: LanesOptions<Item, Result>,
  patience: Patience,
): Lane<Item, Result> {
  const waiting: Part<Item, Result>[] = [];
  let busy = false;

  const takeGroup = (): Part<Item, Result>[] => {
    let taken = 0;
    let size = 0;
    for (const part of waiting) {
      if (taken > 0 && size + part.items.length > options.groupMax) break;
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
      // taken when its turn comes: by then more may have come.
      if (size >= SMALL_JOB_MAX) await turns(() => settle(takeGroup(), options, patience));
      else await settle(takeGroup(), options, patience);
      const restMs = options.paced ? restAfter(size, performance.now() - startedAt) : 0;
      if (restMs > 0) await waitMs(restMs);
    }
    busy = false;
  };

  return {
    push: (items) =>
      new Promise<Result[]>((resolve, reject) => {
        waiting.push({ items, resolve, reject });
        if (!busy) void drain();
      }),
  };
}

/** Does the work of jobs together, and ends them. */
async function settle<Item, Result>(
  parts: readonly Part<Item, Result>[],
  options: LanesOptions<Item, Result>,
  patience: Patience,
): Promise<void> {
  try {
    const items = parts.flatMap((part) => part.items);
    const outcome = await runOrHalve(items, options, patience);
    void finish(parts, outcome, patience);
  } catch (error) {
    // Together they fail for one of them: each by itself, so that only the one at fault fails.
    if (parts.length === 1 || error instanceof StoppedError) for (const part of parts) part.reject(error);
    else for (const part of parts) await settle([part], options, patience);
  }
}

/** Runs until it is done. Poison is found by halving, and buried. */
async function runOrHalve<Item, Result>(
  items: readonly Item[],
  options: LanesOptions<Item, Result>,
  patience: Patience,
): Promise<Outcome<Result>> {
  try {
    const { results = [], followUp } = await persist(() => options.run(items), patience);
    return {
      results: results.map((result) => [result]),
      followUps: followUp === undefined ? [] : [followUp],
    };
  } catch (error) {
    if (error instanceof StoppedError) throw error;
    const [first] = items;
    if (items.length === 1 && first !== undefined) {
      await persist(() => options.bury(first, error), patience);
      return { results: [[]], followUps: [] };
    }
    const middle = Math.ceil(items.length / 2);
    const one = await runOrHalve(items.slice(0, middle), options, patience);
    const other = await runOrHalve(items.slice(middle), options, patience);
    return {
      results: [...one.results, ...other.results],
      followUps: [...one.followUps, ...other.followUps],
    };
  }
}

/** Ends jobs whose items are committed, once the next stage knows. */
async function finish<Item, Result>(
  parts: readonly Part<Item, Result>[],
  { results, followUps }: Outcome<Result>,
  patience: Patience,
): Promise<void> {
  try {
    for (const followUp of followUps) await persist(followUp, patience);
    let first = 0;
    for (const { items, resolve } of parts) {
      resolve(results.slice(first, first + items.length).flat());
      first += items.length;
    }
  } catch (error) {
    for (const part of parts) part.reject(error);
  }
}

/** A spread-out integer of a text (FNV-1a), for choosing lanes. */
export function hashOf(text: string): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < text.length; index += 1) {
    hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193);
  }
  return hash >>> 0;
}
