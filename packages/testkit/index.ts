export { closeAtEnd } from './close-at-end';
export { type QueueBackend, queueBackends, type TestServices } from './backends';
export { type TestDatabase, useDatabase } from './database';
export {
  type EmbeddedPostgresTests,
  type Owner,
  queryOnce,
  serverPid,
  useEmbeddedPostgres,
} from './embedded-postgres';
export { type TestFolder, useFolder } from './folder';
export { pgBouncer, startPgBouncer, type TestPgBouncer } from './pgbouncer';
export { type AppOptions, type AppProcess, type Exit, type Processes, useProcesses } from './processes';
export type { TestRedis } from './redis';
export { waitFor, type WaitOptions } from './wait-for';
export { openConnection, openDatabase, openQueues, type Queues } from './open';
export { startProxy, type TestProxy } from './proxy';
export { systemPostgres } from './system-postgres';
export * from './fakes';
