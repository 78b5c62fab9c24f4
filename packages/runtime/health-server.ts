import { createServer } from 'node:http';
import { EnvError } from './env';
import type { Closable } from './lifecycle';
import type { Readiness } from './readiness';

/** What `openHealthServer` takes. */
export type HealthServerOptions = {
  readonly host: string;
  readonly port: number;
  readonly readiness: Readiness;
  /** What `/metrics` says, and its media type. */
  readonly metrics: () => Promise<{ readonly contentType: string; readonly text: string }>;
};

type Answer = { readonly status: number; readonly contentType: string; readonly text: string };

const json = (status: number, body: unknown): Answer => ({
  status,
  contentType: 'application/json; charset=utf-8',
  text: JSON.stringify(body),
});

async function answer(path: string, { readiness, metrics }: HealthServerOptions): Promise<Answer> {
  if (path === '/livez' || path === '/healthz') return json(200, { status: 'ok' });
  if (path === '/readyz') {
    const checks = await readiness.checks();
    const isReady = Object.values(checks).every((check) => check === 'ok');
    return json(isReady ? 200 : 503, { status: isReady ? 'ready' : 'not ready', checks });
  }
  if (path === '/metrics') return { status: 200, ...(await metrics()) };
  return json(404, { status: 'not found' });
}

/**
 * Answers `/livez`, `/readyz` and `/metrics` for a process that has no other port: probes see one that hangs.
 * @throws EnvError when the port can't be had
 */
export async function openHealthServer(
  options: HealthServerOptions,
): Promise<Closable & { readonly url: string }> {
  const { host, port } = options;
  const server = createServer((request, response) => {
    const path = (request.url ?? '').split('?')[0] ?? '';
    answer(path, options)
      .catch(() => json(500, { status: 'failed' }))
      .then(({ status, contentType, text }) => {
        response.writeHead(status, { 'Content-Type': contentType, 'Cache-Control': 'no-store' }).end(text);
      })
      .catch(() => response.destroy());
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) =>
      reject(
        new EnvError(`HEALTH_PORT: can't listen on ${host} port ${port} (${error.code ?? error.message})`),
      ),
    );
    server.listen(port, host.replace(/^\[|\]$/g, ''), resolve);
  });
  const bound = server.address();
  return {
    name: 'the health server',
    url: `http://${host}:${typeof bound === 'object' && bound !== null ? bound.port : port}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
