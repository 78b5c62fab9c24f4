import { collectDefaultMetrics, Registry } from 'prom-client';

/** What Prometheus is told of this process: CPU, memory, the event loop, garbage collection. */
export function makeProcessMetrics(): () => Promise<{ readonly contentType: string; readonly text: string }> {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  return async () => ({ contentType: registry.contentType, text: await registry.metrics() });
}
