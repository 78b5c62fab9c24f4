import { stopKeeper } from './global-setup';

/** Stops the services of the test run and waits until they are gone. */
export default async function tearDown(): Promise<void> {
  if (globalThis.segmentEngineKeeper !== undefined) await stopKeeper(globalThis.segmentEngineKeeper);
}
