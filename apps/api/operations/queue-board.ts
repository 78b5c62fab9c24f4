import { createBullBoard } from '@bull-board/api';
import { BullMQAdapter } from '@bull-board/api/bullMQAdapter';
import { ExpressAdapter } from '@bull-board/express';
import { type Application, type RequestHandler, Router } from 'express';
import { type Producer, QUEUE_NAMES } from '#queues';
import { auditOf } from '../http/audit';
import { Problem } from '../http/problem';

/** Where the dashboard of the queues is. */
export const BOARD_PATH = '/admin/queues';

// Only these fields of a job's data are shown. Events carry e-mail addresses, phones and all that clients put in, and
// even an id may be an address; a list of hidden fields would miss the next field.
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

// Its page has styles in it, and nobody may have its buttons clicked through a frame.
const POLICY = [
  "default-src 'self'",
  "style-src 'self' 'unsafe-inline'",
  "img-src 'self' data:",
  "object-src 'none'",
  "base-uri 'self'",
  "form-action 'self'",
  "frame-ancestors 'none'",
].join('; ');

/** A link to a style sheet, a script or a picture of another host: the board asks Google for its fonts. */
const FOREIGN = /<(link|script|img)\b[^>]*\b(href|src)=["']?(https?:)?\/\/[^>]*>(<\/script>)?/gi;

/** Pages load nothing from elsewhere: the operator's address stays here, and they work without the internet. */
const keepAtHome: RequestHandler = (_request, response, next) => {
  response.setHeader('Content-Security-Policy', POLICY);
  const send = response.send.bind(response);
  response.send = (body) => send(typeof body === 'string' ? body.replace(FOREIGN, '') : body);
  next();
};

/** Its files have names that change with what they hold. */
const keepFiles: RequestHandler = (_request, response, next) => {
  response.setHeader('Cache-Control', 'private, max-age=86400');
  next();
};

const refuseLosses: RequestHandler = (request, response, next) => {
  if (request.method === 'GET' || request.method === 'HEAD') return next();
  if (request.method === 'PUT' && ALLOWED.test(request.path)) {
    response.on('finish', () => {
      if (response.statusCode < 400) void auditOf(request).settle(request.path);
    });
    return next();
  }
  throw new Problem(403, {
    detail: 'Jobs can be retried and queues paused here; nothing can be removed or edited.',
  });
};

/** bull-board over every queue, with any backend. Must be mounted at `BOARD_PATH`, behind a key. */
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
  const board = (serverAdapter.getRouter() as Application).disable('x-powered-by').disable('etag');
  return Router().use(refuseLosses, keepAtHome).use('/static', keepFiles).use(board);
}
