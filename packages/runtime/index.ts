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
export { type NamedKey, namedKeysOf } from './keys';
export { type Log, makeLog } from './log';
export type { Clock } from './clock';
export { type Closable, closeAll, runUntilStopped } from './lifecycle';
export { projectRoot } from './project-root';
export { runMain } from './run-main';
export { type Counters, makeMetricSums, type MetricSample } from './metrics';
export { metricsText } from './metrics-text';
export { type Check, type Checks, LOOK_LIMIT_MS, makeReadiness, type Readiness } from './readiness';
export { makeSampler, type Sample, type Sampler } from './sampler';
export { openHealthServer } from './health-server';
export { makeProcessMetrics } from './process-metrics';
