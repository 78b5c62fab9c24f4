export {
  type Env,
  EnvError,
  parseEnv,
  queueDatabaseUrl,
  requireDatabaseUrl,
  requireKeysBeyondLoopback,
  type WorkerStage,
} from './env';
export { databaseUrlFault, isSslMode, readableUrl, type SslMode } from './database-url';
export { type Log, makeLog } from './log';
export type { Clock } from './clock';
export { type Closable, closeAll, runUntilStopped } from './lifecycle';
export { projectRoot } from './project-root';
export { runMain } from './run-main';
export { type Counters, makeMetricSums, type MetricSample } from './metrics';
export { metricsText } from './metrics-text';
