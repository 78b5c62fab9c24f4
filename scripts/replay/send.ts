import { setTimeout as sleep } from 'node:timers/promises';
import { ProblemError, type TrackEvent } from '#client';

/** An event ready to be sent, and the line of the file that it comes from. */
export type OutgoingEvent = { readonly line: number; readonly event: TrackEvent };

/** A request that the server would not take; none of its events is stored. */
export type Refusal = {
  readonly fromLine: number;
  readonly toLine: number;
  readonly events: number;
  readonly faults: readonly string[];
};

export type Sender = {
  readonly track: (events: readonly TrackEvent[]) => Promise<unknown>;
  readonly batchMax: number;
  readonly concurrency: number;
  /** Gets the number of events of each accepted request. */
  readonly onAccepted: (events: number) => void;
  /** Told before each pause after which a request is repeated. */
  readonly onRetry: (reason: string, delayMs: number) => void;
  /** A request is given up when it has failed for this long. */
  readonly retryForMs?: number;
  readonly firstDelayMs?: number;
};

/** Below the 1 MiB that the API takes, its frame included. */
const BATCH_BYTES_MAX = 1_000_000;
const RETRY_FOR_MS = 120_000;
const FIRST_DELAY_MS = 250;
const DELAY_MAX_MS = 15_000;

async function* batchesOf(
  events: AsyncIterable<OutgoingEvent>,
  batchMax: number,
): AsyncGenerator<OutgoingEvent[]> {
  let batch: OutgoingEvent[] = [];
  let bytes = 0;
  for await (const outgoing of events) {
    const size = Buffer.byteLength(JSON.stringify(outgoing.event)) + 1;
    if (batch.length >= batchMax || (batch.length > 0 && bytes + size > BATCH_BYTES_MAX)) {
      yield batch;
      batch = [];
      bytes = 0;
    }
    batch.push(outgoing);
    bytes += size;
  }
  if (batch.length > 0) yield batch;
}

/** Why a request may succeed when it is repeated; null when it won't. */
function passing(error: unknown): string | null {
  if (error instanceof ProblemError)
    return error.status === 429 || error.status >= 500 ? error.message : null;
  if (!(error instanceof Error)) return null;
  const { cause } = error;
  return cause instanceof Error ? `${error.message}: ${cause.message || cause.name}` : error.message;
}

function refusalOf(batch: readonly OutgoingEvent[], error: ProblemError): Refusal {
  const lineOf = (path: string): string => {
    const index = /^events\[(\d+)\]\.?/.exec(path);
    const line = index === null ? undefined : batch[Number(index[1])]?.line;
    return line === undefined ? path : `line ${line}: ${path.slice(index?.[0].length)}`;
  };
  const faults = error.errors.map(({ path, message }) => `${lineOf(path)} ${message}`.trim());
  return {
    fromLine: batch[0]?.line ?? 0,
    toLine: batch.at(-1)?.line ?? 0,
    events: batch.length,
    faults: faults.length > 0 ? faults : [error.message],
  };
}

/** Sends one batch until it is accepted or refused. @throws what no repeating will mend, or did */
async function sendBatch(
  batch: readonly OutgoingEvent[],
  sender: Sender,
  signal: AbortSignal,
): Promise<Refusal | null> {
  const giveUpAt = performance.now() + (sender.retryForMs ?? RETRY_FOR_MS);
  const events = batch.map(({ event }) => event);
  for (let tries = 0; ; tries += 1) {
    try {
      await sender.track(events);
      sender.onAccepted(batch.length);
      return null;
    } catch (error) {
      if (error instanceof ProblemError && (error.status === 400 || error.status === 413))
        return refusalOf(batch, error);
      const reason = passing(error);
      if (reason === null || performance.now() >= giveUpAt) throw error;
      const backoffMs = Math.min(DELAY_MAX_MS, (sender.firstDelayMs ?? FIRST_DELAY_MS) * 2 ** tries);
      const askedMs = error instanceof ProblemError ? (error.retryAfterSeconds ?? 0) * 1000 : 0;
      // Up to a fifth more, so that what was refused together does not come back together.
      const delayMs = Math.max(backoffMs, askedMs) * (1 + Math.random() / 5);
      sender.onRetry(reason, delayMs);
      await sleep(delayMs, undefined, { signal });
    }
  }
}

/**
 * Sends the events in batches, some at a time; the order in which they arrive does not matter to the engine. Memory
 * holds the batches under way and no more. Batches that the server refuses are left out and returned.
 * @throws what ends it all: a key that is not accepted, a server that stays away
 */
export async function sendAll(events: AsyncIterable<OutgoingEvent>, sender: Sender): Promise<Refusal[]> {
  const refusals: Refusal[] = [];
  const underWay = new Set<Promise<void>>();
  const stop = new AbortController();
  let failure: { readonly error: unknown } | undefined;

  const start = (batch: OutgoingEvent[]): void => {
    const task = sendBatch(batch, sender, stop.signal)
      .then((refusal) => void (refusal === null || refusals.push(refusal)))
      .catch((error: unknown) => {
        failure ??= { error };
        stop.abort();
      })
      .finally(() => underWay.delete(task));
    underWay.add(task);
  };

  for await (const batch of batchesOf(events, sender.batchMax)) {
    if (underWay.size >= sender.concurrency) await Promise.race(underWay);
    if (failure !== undefined) break;
    start(batch);
  }
  await Promise.all(underWay);
  if (failure !== undefined) throw failure.error;
  return refusals.toSorted((one, other) => one.fromLine - other.fromLine);
}
