import { spawnSync } from 'node:child_process';
import path from 'node:path';

/**
 * The scripts run on what is built (`dist/`): builds it when it is missing or older than its source. To be called
 * before anything of `#…` is loaded.
 * @throws Error when it can't be built
 */
export function ensureBuilt(): void {
  const tool = path.join(__dirname, '..', 'tools', 'build-if-missing.mjs');
  // What it says goes to standard error: standard output is the script's own.
  const { status } = spawnSync(process.execPath, [tool], { stdio: ['ignore', 2, 2] });
  if (status !== 0) throw new Error('The project could not be built: see above, or run "npm run build".');
}
