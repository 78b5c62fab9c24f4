/**
 * The engine at work, and a test that it does what it says: `npx tsx scripts/test-segment-engine.ts`.
 *
 * Starts an engine of its own (nothing is left of it), or plays on a running one that SEGMENT_ENGINE_URL names; that
 * one's keys, if it has any, are taken from SEGMENT_ENGINE_ADMIN_KEY and SEGMENT_ENGINE_WRITE_KEY.
 */
import { makeTerminal } from './demo/terminal';
import { ensureBuilt } from './ensure-built';

const EXIT_CODES = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 } as const;

const terminal = makeTerminal(process.stdout, process.env);
const opened: (() => Promise<unknown>)[] = [];
let ending: Promise<void> | undefined;

async function closeOpened(): Promise<void> {
  for (let close = opened.pop(); close !== undefined; close = opened.pop()) await close();
}

/** Undoes what was done, last first, then ends with the code; the first who asks decides. */
function end(code: number): Promise<void> {
  ending ??= closeOpened()
    .catch((error: unknown) => terminal.failure(`could not clean up: ${String(error)}`))
    .then(() => process.exit(code));
  return ending;
}

async function main(): Promise<void> {
  const startedAt = performance.now();
  ensureBuilt();
  const { playDemo } = await import('./demo/demo.js');
  const { SEGMENT_ENGINE_URL, SEGMENT_ENGINE_ADMIN_KEY, SEGMENT_ENGINE_WRITE_KEY } = process.env;
  await playDemo({
    terminal,
    url: SEGMENT_ENGINE_URL,
    adminKey: SEGMENT_ENGINE_ADMIN_KEY,
    writeKey: SEGMENT_ENGINE_WRITE_KEY,
    atEnd: (close) => {
      opened.push(close);
    },
  });
  const seconds = ((performance.now() - startedAt) / 1000).toFixed(1);
  terminal.title(`All ${terminal.checks} claims hold. (${seconds} s; now everything is cleared away)\n`);
}

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.on(signal, () => {
    if (ending === undefined) terminal.note('stopping; everything is cleared away');
    void end(EXIT_CODES[signal]);
  });
}

main().then(
  () => end(0),
  async (error: unknown) => {
    // What was under way when somebody stopped it fails, and is nobody's concern.
    if (ending !== undefined) return;
    terminal.failure(error instanceof Error ? error.message : String(error));
    await end(1);
  },
);
