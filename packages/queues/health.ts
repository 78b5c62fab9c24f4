import { openProbe } from '#database';
import {
  type Closable,
  type Env,
  LOOK_LIMIT_MS,
  makeProcessMetrics,
  makeReadiness,
  openHealthServer,
} from '#runtime';
import type { QueueBackend } from './connection';

/**
 * Opens the port of a worker or a dispatcher for probes and Prometheus, where `HEALTH_PORT` names one.
 * @returns what is to be closed, in the order of opening
 */
export async function openHealth(
  { HOST, HEALTH_PORT }: Pick<Env, 'HOST' | 'HEALTH_PORT'>,
  databaseUrl: string,
  { look }: Pick<QueueBackend, 'look'>,
): Promise<Closable[]> {
  if (HEALTH_PORT === undefined) return [];
  const probe = openProbe(databaseUrl, LOOK_LIMIT_MS);
  const readiness = makeReadiness({ database: probe.look, queue: look });
  const metrics = makeProcessMetrics();
  return [probe, readiness, await openHealthServer({ host: HOST, port: HEALTH_PORT, readiness, metrics })];
}
