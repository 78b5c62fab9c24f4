import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { SERVICE_VARIABLES, type KeeperMessage } from './services';

declare global {
  var segmentEngineKeeper: ChildProcess | undefined;
}

/** Starts the services of a test run (see `keeper.ts`) and leaves their URLs in the environment of its workers. */
export default async function setUp(): Promise<void> {
  const root = path.join(__dirname, '..', '..');
  const args = ['--conditions=source', '--import', 'tsx', path.join(__dirname, 'keeper.ts')];
  // Its errors come by the channel; what it writes would mix with the run's report, but a crash should be seen.
  const keeper = spawn(process.execPath, args, {
    cwd: root,
    detached: true,
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
  globalThis.segmentEngineKeeper = keeper;
  const message = await new Promise<KeeperMessage>((resolve, reject) => {
    keeper.once('message', (said) => resolve(said as KeeperMessage));
    keeper.once('error', reject);
    keeper.once('exit', (code) => reject(new Error(`the services' keeper ended with code ${code}`)));
  });
  if (message.kind === 'failed') {
    await stopKeeper(keeper);
    throw new Error(`the services of the tests did not start: ${message.error}`);
  }
  process.env[SERVICE_VARIABLES.database] = message.databaseUrl;
  if (message.redisUrl !== undefined) process.env[SERVICE_VARIABLES.redis] = message.redisUrl;
}

/** Closes the channel, at which the keeper stops the services, and waits for its end. */
export async function stopKeeper(keeper: ChildProcess): Promise<void> {
  if (keeper.exitCode !== null || keeper.signalCode !== null) return;
  const gone = once(keeper, 'exit');
  if (keeper.connected) keeper.disconnect();
  await gone;
}
