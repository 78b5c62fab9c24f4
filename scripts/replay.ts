/**
 * Sends a history of events from a file to a running Segment Engine: `npm run replay -- --help`.
 */
import { ensureBuilt } from './ensure-built';
import { HELP } from './replay/help';
import { InputError } from './replay/input-error';
import { readOptions } from './replay/options';

async function main(): Promise<number> {
  const options = readOptions(process.argv.slice(2), process.env);
  if (options === 'help') {
    process.stdout.write(HELP);
    return 0;
  }
  ensureBuilt();
  const { replay } = await import('./replay/replay.js');
  return replay(options, { out: (text) => process.stdout.write(text), screen: process.stderr });
}

main().then(
  (code) => {
    process.exitCode = code;
  },
  (error: unknown) => {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    process.exitCode = error instanceof InputError ? 2 : 1;
  },
);
