import { statSync } from 'node:fs';
import { makeClient, ProblemError } from '#client';
import { InputError } from './input-error';
import { makeMapper, nativeEvent, type ReplayEvent } from './mapping';
import type { Options } from './options';
import { formatCount, makeProgress, type Screen } from './progress';
import { makeRepeats, messageIdOf, type Repeats } from './repeats';
import { detectFormat, type Layout, readRows, type Row } from './rows';
import { type OutgoingEvent, type Refusal, sendAll } from './send';
import { shiftToYesterday } from './times';

/** No row of a history is shorter, as a rule; where they are, finding repeated ones takes some more memory. */
const ROW_BYTES = 16;
const DRY_RUN_EVENTS = 5;
const CHECKS_PER_NEWS = 20_000;
const REFUSALS_SHOWN = 20;
const REQUEST_TIMEOUT_MS = 60_000;
const NATIVE_AS_COLUMNS = {
  event: { column: 'event' },
  user: 'userId',
  time: 'timestamp',
  properties: undefined,
  traits: new Map<string, string>(),
};

/** Where it is said what happens. */
export type Io = { readonly out: (text: string) => void; readonly screen: Screen };
type History = { readonly events: () => AsyncGenerator<ReplayEvent>; readonly repeats: Repeats };
type Summary = { events: number; firstMs: number; lastMs: number };

function sizeOf(file: string): number {
  const stats = statSync(file, { throwIfNoEntry: false });
  if (stats === undefined) throw new InputError(`there is no file ${file}`);
  if (stats.isFile()) return stats.size;
  throw new InputError(`${file} is no regular file (it is read twice: to check it, then to send it)`);
}

async function openHistory(options: Options): Promise<History> {
  const { file, columns, hasHeader, limit, mapping } = options;
  const size = sizeOf(file);
  const format = options.format === 'auto' ? await detectFormat(file) : options.format;
  const layout: Layout = { format, columns, hasHeader };
  const isNative = format === 'ndjson' && mapping === undefined;
  const toEvent: (row: Row) => ReplayEvent = isNative
    ? nativeEvent
    : makeMapper({ ...(mapping ?? NATIVE_AS_COLUMNS), isText: format !== 'ndjson' });
  async function* events(): AsyncGenerator<ReplayEvent> {
    for await (const row of readRows(file, layout, limit)) yield toEvent(row);
  }
  return { events, repeats: makeRepeats(size / ROW_BYTES) };
}

/** The first pass: every fault of the file is found here, before anything is sent. */
async function check({ events, repeats }: History, screen: Screen): Promise<Summary> {
  const summary: Summary = { events: 0, firstMs: Infinity, lastMs: -Infinity };
  for await (const { atMs, fingerprint } of events()) {
    repeats.note(fingerprint);
    summary.events += 1;
    summary.firstMs = Math.min(summary.firstMs, atMs);
    summary.lastMs = Math.max(summary.lastMs, atMs);
    if (screen.isTTY === true && summary.events % CHECKS_PER_NEWS === 0)
      screen.write(`\rchecked ${formatCount(summary.events)} events\r`);
  }
  return summary;
}

/** The second pass. */
async function* outgoing({ events, repeats }: History, shiftMs: number): AsyncGenerator<OutgoingEvent> {
  for await (const { line, atMs, fingerprint, messageId, event } of events()) {
    const id = messageId ?? messageIdOf(fingerprint, repeats.occurrence(fingerprint));
    yield { line, event: { ...event, messageId: id, timestamp: new Date(atMs + shiftMs).toISOString() } };
  }
}

async function requireServer(url: string): Promise<void> {
  const health = `${url.replace(/\/+$/, '')}/healthz`;
  await fetch(health, { signal: AbortSignal.timeout(REQUEST_TIMEOUT_MS) }).catch((error: unknown) => {
    const reason =
      error instanceof Error && error.cause instanceof Error ? error.cause.message : String(error);
    throw new Error(`nothing answers at ${url} (${reason}): start it with "npm start", or see --url`);
  });
}

function explain(error: unknown, sent: number): Error {
  const hint = error instanceof ProblemError && error.status === 401 ? ' (see --key)' : '';
  const reason = error instanceof Error ? error.message : String(error);
  const taken = sent === 0 ? '' : '\nRun it again when that is mended: what was taken counts once.';
  return new Error(`stopped after ${formatCount(sent)} events: ${reason}${hint}${taken}`, { cause: error });
}

function reportRefusals(refusals: readonly Refusal[], out: Io['out']): void {
  const lost = refusals.reduce((sum, { events }) => sum + events, 0);
  out(`REFUSED: ${formatCount(lost)} events in ${refusals.length} requests were not taken:\n`);
  for (const { fromLine, toLine, events, faults } of refusals.slice(0, REFUSALS_SHOWN)) {
    out(`  lines ${fromLine} to ${toLine} (${events} events)\n`);
    for (const fault of faults.slice(0, REFUSALS_SHOWN)) out(`    ${fault}\n`);
  }
  if (refusals.length > REFUSALS_SHOWN) out(`  … and ${refusals.length - REFUSALS_SHOWN} more requests\n`);
}

async function send(
  history: History,
  shiftMs: number,
  total: number,
  options: Options,
  io: Io,
): Promise<number> {
  const { url, key, batchMax, concurrency } = options;
  await requireServer(url);
  const client = makeClient({
    baseUrl: url,
    writeKey: key,
    fetch: (to, init) => fetch(to, { ...init, signal: AbortSignal.timeout(REQUEST_TIMEOUT_MS) }),
  });
  const progress = makeProgress(io.screen, total);
  let retries = 0;
  const interrupted = (): void => {
    io.out(`stopped after ${formatCount(progress.end().sent)} events; run it again: those count once\n`);
    process.exit(130);
  };
  process.once('SIGINT', interrupted);
  const refusals = await sendAll(outgoing(history, shiftMs), {
    track: client.trackBatch,
    batchMax,
    concurrency,
    onAccepted: (accepted) => progress.add(accepted),
    onRetry: (reason, delayMs) => {
      retries += 1;
      progress.waiting(reason, delayMs);
    },
  }).catch((error: unknown) => {
    throw explain(error, progress.end().sent);
  });
  process.off('SIGINT', interrupted);
  const { sent, elapsedMs } = progress.end();
  const rate = formatCount((sent / Math.max(elapsedMs, 1)) * 1000);
  const repeated = retries === 0 ? '' : `, ${formatCount(retries)} requests repeated`;
  io.out(
    `sent ${formatCount(sent)} events in ${(elapsedMs / 1000).toFixed(1)} s: ${rate} events/s${repeated}\n`,
  );
  if (refusals.length > 0) reportRefusals(refusals, io.out);
  return refusals.length === 0 ? 0 : 1;
}

async function printFirst(history: History, shiftMs: number, out: Io['out']): Promise<void> {
  let left = DRY_RUN_EVENTS;
  for await (const { event } of outgoing(history, shiftMs)) {
    out(`${JSON.stringify(event)}\n`);
    left -= 1;
    if (left === 0) return;
  }
}

/**
 * Sends the history of a file.
 * @returns the exit code: 0, or 1 when the server refused some of it
 * @throws InputError for a fault of the file, before anything is sent; Error when it can't go on
 */
export async function replay(options: Options, io: Io): Promise<number> {
  const history = await openHistory(options);
  const { events, firstMs, lastMs } = await check(history, io.screen);
  if (events === 0) throw new InputError(`${options.file} holds no event`);
  const shiftMs = options.shiftToNow ? shiftToYesterday(lastMs, Date.now()) : 0;
  const day = (ms: number): string => new Date(ms + shiftMs).toISOString().slice(0, 10);
  const shifted = options.shiftToNow ? `, moved by ${formatCount(shiftMs / 86_400_000)} days` : '';
  io.out(`${formatCount(events)} events from ${day(firstMs)} to ${day(lastMs)}${shifted}\n`);
  if (lastMs + shiftMs > Date.now())
    io.out('some lie in the future: the engine takes those as happening now\n');
  if (!options.dryRun) return send(history, shiftMs, events, options, io);
  await printFirst(history, shiftMs, io.out);
  return 0;
}
