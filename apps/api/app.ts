import express, { type Express } from 'express';
import { makeGuard, makeKeyRing } from './http/auth';
import type { AppDeps } from './deps';
import { makeHeavyReads } from './members/heavy-reads';
import { deadEventRoutes } from './operations/dead-events';
import { makeMetrics } from './operations/metrics';
import { makeErrorHandler, notFound, Problem } from './http/problem';
import { BOARD_PATH, makeQueueBoard } from './operations/queue-board';
import { mountRoutes } from './http/route';
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
import { refuseOtherOrigins } from './http/same-origin';

/**
 * The API, which does not listen by itself. It holds nothing that must be closed: whatever it has accepted is in the
 * queue before the request is answered.
 */
export function makeApp(deps: AppDeps): Express {
  const guard = makeGuard({ write: makeKeyRing(deps.writeKeys), admin: makeKeyRing(deps.adminKeys) });
  const metrics = makeMetrics(deps);
  const ingest = makeIngest(deps);
  const heavy = makeHeavyReads(deps.reads);
  const routes = [
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
    ...settingRoutes(deps),
    ...destinationRoutes(deps),
    ...deadEventRoutes(deps),
    ...operationRoutes(deps, metrics),
  ];

  const app = express();
  app.disable('x-powered-by').disable('etag').enable('case sensitive routing');
  app.use((request, response, next) => {
    response.setHeader('X-Content-Type-Options', 'nosniff');
    if (request.headers.host === undefined && request.httpVersion === '1.1') {
      throw new Problem(400, { detail: 'The Host header is missing.', headers: { Connection: 'close' } });
    }
    next();
  });
  app.use(metrics.observe, refuseOtherOrigins);
  mountRoutes(app, [...routes, ...pageRoutes(routes)], guard);
  app.use(BOARD_PATH, guard('admin-page'), makeQueueBoard(deps.producer));
  app.use(() => {
    throw notFound('path');
  });
  app.use(makeErrorHandler(deps.log));
  return app;
}
