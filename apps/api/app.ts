import express, { type Express } from 'express';
import { makeGuard, makeKeyRing } from './auth';
import type { AppDeps } from './deps';
import { makeHeavyReads } from './heavy-reads';
import { makeMetrics } from './metrics';
import { makeErrorHandler, notFound } from './problem';
import { BOARD_PATH, makeQueueBoard } from './queue-board';
import { mountRoutes } from './route';
import { automationRoutes } from './routes/automations';
import { deliveryRoutes } from './routes/deliveries';
import { destinationRoutes } from './routes/destinations';
import { evaluationRoutes } from './routes/evaluations';
import { eventRoutes, makeStoreEvent } from './routes/events';
import { explanationRoutes } from './routes/explanations';
import { memberExportRoutes } from './routes/member-export';
import { operationRoutes } from './routes/operations';
import { overlapRoutes } from './routes/overlap';
import { pageRoutes } from './routes/pages';
import { peopleRoutes } from './routes/people';
import { previewRoutes } from './routes/previews';
import { segmentRoutes } from './routes/segments';
import { settingRoutes } from './routes/settings';
import { subscriptionRoutes } from './routes/subscriptions';
import { refuseOtherOrigins } from './same-origin';

/**
 * The API, which does not listen by itself. It holds nothing that must be closed: whatever it has accepted is in the
 * queue before the request is answered.
 */
export function makeApp(deps: AppDeps): Express {
  const guard = makeGuard({ write: makeKeyRing(deps.writeKeys), admin: makeKeyRing(deps.adminKeys) });
  const metrics = makeMetrics(deps);
  const storeEvent = makeStoreEvent(deps);
  const heavy = makeHeavyReads(deps.reads);
  const routes = [
    // First, for every route before it costs each event a comparison.
    ...eventRoutes(deps, metrics, storeEvent),
    ...subscriptionRoutes(deps, metrics, storeEvent),
    // Before the segments, one of whose paths takes any word for an id.
    ...evaluationRoutes(deps),
    ...overlapRoutes(deps, heavy),
    ...previewRoutes(deps, heavy),
    ...segmentRoutes(deps),
    ...automationRoutes(deps),
    ...memberExportRoutes(deps),
    ...peopleRoutes(deps),
    ...explanationRoutes(deps),
    ...deliveryRoutes(deps),
    ...settingRoutes(deps),
    ...destinationRoutes(deps),
    ...operationRoutes(deps, metrics),
  ];

  const app = express();
  app.disable('x-powered-by').disable('etag').enable('case sensitive routing');
  app.use((_request, response, next) => {
    response.setHeader('X-Content-Type-Options', 'nosniff');
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
