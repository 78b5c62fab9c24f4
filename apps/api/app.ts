import express, { type Express, type RequestHandler } from 'express';
import { namedKeysOf } from '#runtime';
import { openAudit } from './http/audit';
import { admitEvents } from './http/admission';
import { type Access, makeGuard, makeKeyRing } from './http/auth';
import { makeRefusedKeys } from './http/refused-keys';
import type { AppDeps } from './deps';
import { makeHeavyReads } from './members/heavy-reads';
import { deadEventRoutes } from './operations/dead-events';
import { makeMetrics, type Metrics } from './operations/metrics';
import { makeErrorHandler, notFound } from './http/problem';
import { refuseMissingHost } from './http/missing-host';
import { BOARD_PATH, makeQueueBoard } from './operations/queue-board';
import { mountRoutes, type Route } from './http/route';
import { audienceRoutes } from './audiences/routes';
import { automationRoutes } from './segments/automations';
import { deliveryRoutes } from './deliveries/routes';
import { destinationRoutes } from './deliveries/destinations';
import { evaluationRoutes } from './members/evaluations';
import { eventRoutes } from './ingest/events';
import { makeIngest } from './ingest/store-event';
import { explanationRoutes } from './members/explanations';
import { memberExportRoutes } from './members/member-export';
import { operationRoutes } from './operations/routes';
import { overlapRoutes } from './members/overlap';
import { pageRoutes } from './pages/pages';
import { erasureRoutes } from './people/erasure';
import { personExportRoutes } from './people/export';
import { peopleRoutes } from './people/routes';
import { previewRoutes } from './members/previews';
import { segmentRoutes } from './segments/routes';
import { settingRoutes } from './operations/feature-settings';
import { subscriptionRoutes } from './ingest/subscriptions';
import { setSafeHeaders } from './http/safe-headers';
import { refuseOtherOrigins } from './http/same-origin';

/** Every route that the API describes, in the order in which they are tried. */
export function makeRoutes(deps: AppDeps, metrics: Metrics): Route[] {
  const ingest = makeIngest(deps);
  const heavy = makeHeavyReads(deps.reads);
  return [
    // First, for every route before it costs each event a comparison.
    ...eventRoutes(deps, metrics, ingest),
    ...subscriptionRoutes(deps, metrics, ingest),
    // Before the segments, one of whose paths takes any word for an id.
    ...evaluationRoutes(deps),
    ...overlapRoutes(deps, heavy),
    ...previewRoutes(deps, heavy),
    ...segmentRoutes(deps),
    ...automationRoutes(deps),
    ...memberExportRoutes(deps),
    ...peopleRoutes(deps),
    ...personExportRoutes(deps),
    ...erasureRoutes(deps),
    ...explanationRoutes(deps),
    ...deliveryRoutes(deps),
    ...audienceRoutes(deps),
    ...settingRoutes(deps),
    ...destinationRoutes(deps),
    ...deadEventRoutes(deps),
    ...operationRoutes(deps, metrics),
  ];
}

/**
 * The API, which does not listen by itself. It holds nothing that must be closed: all that it accepts is in the queue
 * before it answers the request.
 */
export function makeApp(deps: AppDeps): Express {
  const letIn = makeGuard(
    {
      write: makeKeyRing(namedKeysOf(deps.writeKeys, 'write')),
      admin: makeKeyRing(namedKeysOf(deps.adminKeys, 'admin')),
      metrics: makeKeyRing(namedKeysOf(deps.metricsKeys ?? [], 'metrics')),
    },
    makeRefusedKeys(deps.log, Date.now),
  );
  const metrics = makeMetrics(deps);
  const admit = admitEvents({
    isQueueAway: deps.watch.readiness.isQueueAway,
    pressure: deps.watch.pressure,
    refused: (outcome) => metrics.countEvents(outcome, 1),
  });
  // A caller who sends events must show a key first. Only then is the caller told how full the queue is.
  const guard = (access: Access): RequestHandler[] =>
    access === 'write' || access === 'write-or-admin' ? [letIn(access), admit] : [letIn(access)];
  const routes = makeRoutes(deps, metrics);

  const app = express();
  app.disable('x-powered-by').disable('etag').enable('case sensitive routing');
  app.use(
    setSafeHeaders,
    refuseMissingHost,
    openAudit(deps.db, deps.log),
    metrics.observe,
    refuseOtherOrigins,
  );
  mountRoutes(app, [...routes, ...pageRoutes(routes)], guard);
  app.use(BOARD_PATH, letIn('admin-page'), makeQueueBoard(deps.producer));
  app.use(() => {
    throw notFound('path');
  });
  app.use(makeErrorHandler(deps.log));
  return app;
}
