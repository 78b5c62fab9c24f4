import { createBullBoard } from '@bull-board/api';
import { BullMQAdapter } from '@bull-board/api/bullMQAdapter';
import { ExpressAdapter } from '@bull-board/express';
import { type RequestHandler, Router } from 'express';
import { type Producer, QUEUE_NAMES } from '#queues';
import { Problem } from '../http/problem';

/** Where the dashboard of the queues is. */
export const BOARD_PATH = '/admin/queues';

// Of a job's data only these are shown. Events carry e-mail addresses, phones and whatever clients put into them, and
// even an id may be an address; a list of what is hidden would miss the next field.
const SHOWN = new Set([
  'events',
  'changes',
  'evaluationId',
  'deliveryId',
  'destination',
  'name',
  'occurredAt',
  'receivedAt',
  'sequence',
]);
const HIDDEN = '(hidden)';

/** What of a job's data may be seen. */
export function redact(data: unknown): unknown {
  if (Array.isArray(data)) return data.map(redact);
  if (typeof data !== 'object' || data === null) return data;
  return Object.fromEntries(
    Object.entries(data).map(([key, value]) => [key, SHOWN.has(key) ? redact(value) : HIDDEN]),
  );
}

// The other changes (empty, obliterate, clean, edit, add) would lose acknowledged events, or write redacted data back.
const ALLOWED = /^\/api\/queues\/([^/]+\/)?((pause|resume|promote)|retry\/failed|[^/]+\/(retry|promote))\/?$/;

const refuseLosses: RequestHandler = (request, response, next) => {
  // Nobody may have their buttons clicked through a frame.
  response.setHeader('X-Frame-Options', 'DENY');
  if (request.method === 'GET' || request.method === 'HEAD') return next();
  if (request.method === 'PUT' && ALLOWED.test(request.path)) return next();
  throw new Problem(403, {
    detail: 'Jobs can be retried and queues paused here; nothing can be removed or edited.',
  });
};

/** bull-board over every queue, whatever its backend. To be mounted at `BOARD_PATH`, behind a key. */
export function makeQueueBoard(producer: Producer): Router {
  const serverAdapter = new ExpressAdapter();
  serverAdapter.setBasePath(BOARD_PATH);
  const queues = QUEUE_NAMES.map((name) => {
    // BullMQ's Queue on whichever backend; bull-board's own type knows only the one for Redis.
    const adapter = new BullMQAdapter(
      producer.queueOf(name) as unknown as ConstructorParameters<typeof BullMQAdapter>[0],
      { allowRetries: true },
    );
    adapter.setFormatter('data', redact);
    adapter.setFormatter('returnValue', () => undefined);
    return adapter;
  });
  createBullBoard({
    queues,
    serverAdapter,
    options: { uiConfig: { boardTitle: 'Segment Engine' } },
  });
  return Router().use(refuseLosses, serverAdapter.getRouter());
}
