import type { RequestHandler } from 'express';
import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';
import { DESTINATION_KINDS } from '#automations';
import { withinMs } from '#concurrency';
import { readCounters } from '#database';
import { metricsText } from '#runtime';
import type { AppDeps } from '../deps';

export type IngestOutcome = 'accepted' | 'refused' | 'unavailable' | 'throttled';

export type Metrics = {
  readonly countEvents: (outcome: IngestOutcome, events: number) => void;
  /** Measures every request. */
  readonly observe: RequestHandler;
  readonly render: () => Promise<{ readonly contentType: string; readonly text: string }>;
};

const SCRAPE_LIMIT_MS = 1000;
const BUCKETS_S = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];
const STATES = ['waiting', 'active', 'delayed', 'failed', 'completed'] as const;

/**
 * The metrics of one app, in a registry of its own, and what all workers and dispatchers have counted. No label holds
 * anything that a client sends.
 */
export function makeMetrics({ producer, db, watch }: Pick<AppDeps, 'producer' | 'db' | 'watch'>): Metrics {
  const registry = new Registry();
  const registers = [registry];
  collectDefaultMetrics({ register: registry });
  const events = new Counter({
    name: 'segment_engine_ingest_events_total',
    help: 'Events that were sent to the API, by what became of them; a request that was refused unread counts as one',
    labelNames: ['outcome'],
    registers,
  });
  const duration = new Histogram({
    name: 'segment_engine_http_request_duration_seconds',
    help: 'Requests by route and status',
    labelNames: ['method', 'route', 'status'],
    buckets: BUCKETS_S,
    registers,
  });
  // Registered by being made; read at each scrape.
  new Gauge({
    name: 'segment_engine_queue_jobs',
    help: 'Jobs of each queue by state',
    labelNames: ['queue', 'state'],
    registers,
    async collect() {
      this.reset();
      // Without an answer there is no value: the rest of the page matters all the more then.
      const queues = await withinMs(SCRAPE_LIMIT_MS, producer.counts()).catch(() => []);
      for (const counts of queues) {
        for (const state of STATES) this.set({ queue: counts.name, state }, counts[state]);
      }
    },
  });
  deadEventGauge(watch, registers);
  gateGauges(watch, registers);
  return {
    countEvents: (outcome, count) => events.inc({ outcome }, count),
    observe: (request, response, next) => {
      const startedAt = performance.now();
      response.on('finish', () => {
        const route: unknown = request.route?.path;
        const labels = {
          method: request.method,
          route: typeof route === 'string' ? `${request.baseUrl}${route}` : 'none',
          status: response.statusCode,
        };
        duration.observe(labels, (performance.now() - startedAt) / 1000);
      });
      next();
    },
    render: async () => {
      const own = registry.metrics();
      const counted = await withinMs(SCRAPE_LIMIT_MS, readCounters(db)).catch(() => null);
      const text = counted === null ? await own : `${await own}${metricsText(counted)}`;
      return { contentType: registry.contentType, text };
    },
  };
}

function deadEventGauge(watch: AppDeps['watch'], registers: Registry[]): void {
  new Gauge({
    name: 'dead_events_waiting',
    help: 'What was refused for its data and lies in dead_event now, as it was counted within the last ten seconds',
    registers,
    async collect() {
      // Without an answer the last count stands.
      const count = await watch.deadEvents();
      if (count !== null) this.set(count);
    },
  });
}

/** What keeps deliveries back, by kind of destination: an endpoint's address may be a customer's. */
function gateGauges(watch: AppDeps['watch'], registers: Registry[]): void {
  new Gauge({
    name: 'automation_target_halted',
    help: 'Whether nothing is sent to a destination as a whole: 1 while it is halted or paused',
    labelNames: ['destination'],
    registers,
    async collect() {
      this.reset();
      for (const kind of DESTINATION_KINDS) this.set({ destination: kind }, 0);
      for (const { destination, isWhole } of await watch.gates()) if (isWhole) this.set({ destination }, 1);
    },
  });
  new Gauge({
    name: 'automation_endpoint_open',
    help: 'Endpoints of a destination that nothing is sent to, for they failed, halted or asked for time',
    labelNames: ['destination'],
    registers,
    async collect() {
      this.reset();
      for (const kind of DESTINATION_KINDS) this.set({ destination: kind }, 0);
      for (const { destination, isWhole, count } of await watch.gates())
        if (!isWhole) this.inc({ destination }, count);
    },
  });
}
