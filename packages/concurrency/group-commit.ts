/** Does the work of one item together with what else waits for it. */
export type GroupCommit<Item, Result> = (item: Item) => Promise<Result>;

export type GroupCommitOptions<Item, Result> = {
  /** Items of one run at most. */
  readonly max: number;
  /** How long a run waits for more items before it begins (ms); 0: it only waits for the run before. */
  readonly lingerMs: number;
  /** @returns a result for each item, in their order */
  readonly run: (items: readonly Item[]) => Promise<readonly Result[]>;
  /** Whether items that failed together may be told apart by running each alone. */
  readonly isDataFault: (error: unknown) => boolean;
};

type Waiting<Item, Result> = {
  readonly item: Item;
  readonly resolve: (result: Result) => void;
  readonly reject: (error: unknown) => void;
};

/**
 * Group commit: one run at a time, over all that came meanwhile. What it saves is statements: a hundred rows cost little
 * more than one.
 */
export function makeGroupCommit<Item, Result>(
  options: GroupCommitOptions<Item, Result>,
): GroupCommit<Item, Result> {
  const { max, lingerMs, run, isDataFault } = options;
  let waiting: Waiting<Item, Result>[] = [];
  let isBusy = false;

  const settle = async (group: readonly Waiting<Item, Result>[]): Promise<void> => {
    try {
      const results = await run(group.map(({ item }) => item));
      if (results.length !== group.length) throw new Error('a run gave not one result for each item');
      // The lengths agree, and an item's result may itself be undefined.
      group.forEach(({ resolve }, index) => resolve(results[index] as Result));
    } catch (error) {
      if (group.length === 1 || !isDataFault(error)) for (const { reject } of group) reject(error);
      else for (const one of group) await settle([one]);
    }
  };

  const drain = async (): Promise<void> => {
    while (waiting.length > 0) {
      if (lingerMs > 0 && waiting.length < max) await new Promise((resolve) => setTimeout(resolve, lingerMs));
      const group = waiting.slice(0, max);
      waiting = waiting.slice(max);
      await settle(group);
    }
    isBusy = false;
  };

  return (item) =>
    new Promise((resolve, reject) => {
      waiting.push({ item, resolve, reject });
      if (isBusy) return;
      isBusy = true;
      // Those that come in the same turn of the event loop are there when the first run begins.
      queueMicrotask(() => void drain());
    });
}
