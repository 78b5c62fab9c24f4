import { type CompanyWindow, makeCompany } from './company';

/** What `makeGather` takes. */
export type GatherSettings<Item> = {
  /** Stores items together; resolves once all of them are stored durably. */
  readonly send: (items: Item[]) => Promise<void>;
  readonly window: CompanyWindow;
  readonly maxItems: number;
};

type Batch<Item> = {
  readonly items: Item[];
  readonly stored: Promise<void>;
  readonly settle: (outcome: Promise<void>) => void;
  timer?: NodeJS.Timeout;
};

function openBatch<Item>(): Batch<Item> {
  let settle = (_outcome: Promise<void>): void => {};
  const stored = new Promise<void>((resolve) => {
    settle = resolve;
  });
  return { items: [], stored, settle };
}

/**
 * Gathers what arrives at about the same time into one `send`. An item that comes alone goes at once; what comes within
 * the window after it waits for the window's end, or for `maxItems`, whichever comes first.
 * @returns a function that resolves once the item given to it is stored, and rejects if its batch is not
 */
export function makeGather<Item>({
  send,
  window,
  maxItems,
}: GatherSettings<Item>): (item: Item) => Promise<void> {
  const company = makeCompany(window, () => performance.now());
  let open: Batch<Item> | null = null;
  let sentAt = -Infinity;

  // Async, so that a send that throws is one that fails.
  const run = async (items: Item[]): Promise<void> => send(items);

  const flush = (): void => {
    const batch = open;
    if (batch === null) return;
    open = null;
    clearTimeout(batch.timer);
    sentAt = performance.now();
    batch.settle(run(batch.items));
  };

  return (item) => {
    const batch = open ?? openBatch<Item>();
    open = batch;
    batch.items.push(item);
    company.arrived();
    const waitMs = sentAt + company.waitMs() - performance.now();
    if (waitMs <= 0 || batch.items.length >= maxItems) flush();
    else batch.timer ??= setTimeout(flush, waitMs);
    return batch.stored;
  };
}
