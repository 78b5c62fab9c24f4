export { EnvError, parseEnv, requireDatabaseUrl, requireKeysBeyondLoopback } from './env';
export type { Env, WorkerStage } from './env';
export { makeLog } from './log';
export type { Log } from './log';
export type { Clock } from './clock';
export { closeAll, runUntilStopped } from './lifecycle';
export type { Closable } from './lifecycle';
export { projectRoot } from './project-root';
export { runMain } from './run-main';
