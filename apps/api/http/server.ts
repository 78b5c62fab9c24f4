import { createServer, type Server, type ServerOptions } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Express } from 'express';
import { type Closable, EnvError } from '#runtime';
import { messagesOf } from './express-messages';
import {
  CONNECTIONS_MAX,
  HEAD_BYTES_MAX,
  HEAD_LIMIT_MS,
  LATE_CHECK_MS,
  REQUEST_LIMIT_MS,
  REQUESTS_PER_CONNECTION_MAX,
} from './limits';
import { Problem, PROBLEM_TYPE, problemBody } from './problem';
import { endWithProblem, problemOfParser } from './raw-problem';

/** A server that listens. */
export type Listening = Closable & {
  /** Where, e.g. `http://127.0.0.1:3000`. */
  readonly url: string;
};

/** Longer than the idle time of usual load balancers (60 s), so that never we are the ones to close under a request. */
const KEEP_ALIVE_MS = 65_000;
/** Requests that are still not answered by then are cut (ms): the rest of the process has to close in time, too. */
const DRAIN_LIMIT_MS = 8_000;
const LOOK_EVERY_MS = 50;

/** How long requests may take to arrive (ms). */
export type RequestTimes = Pick<
  ServerOptions,
  'headersTimeout' | 'requestTimeout' | 'connectionsCheckingInterval'
>;

const OPTIONS: ServerOptions = {
  keepAliveTimeout: KEEP_ALIVE_MS,
  maxHeaderSize: HEAD_BYTES_MAX,
  headersTimeout: HEAD_LIMIT_MS,
  requestTimeout: REQUEST_LIMIT_MS,
  connectionsCheckingInterval: LATE_CHECK_MS,
  // The app says so itself, with a body.
  requireHostHeader: false,
};

/** Answers what Node would answer with a bare status, or not at all. */
function answerStrays(server: Server): void {
  server.maxConnections = CONNECTIONS_MAX;
  server.maxRequestsPerSocket = REQUESTS_PER_CONNECTION_MAX;
  server.on('clientError', (error, socket) => endWithProblem(socket, problemOfParser(error)));
  server.on('checkExpectation', (_request, response) => {
    const detail = 'The only expectation that can be met is 100-continue.';
    response.setHeader('Connection', 'close');
    response.writeHead(417, { 'Content-Type': PROBLEM_TYPE });
    response.end(JSON.stringify(problemBody(new Problem(417, { detail }))));
  });
  server.on('connect', (_request, socket) => {
    endWithProblem(socket, new Problem(405, { detail: 'This server is no proxy.' }));
  });
}

/** Stops accepting, lets what is under way finish, and closes connections as they fall idle. */
async function drain(server: Server): Promise<void> {
  const closed = new Promise<void>((resolve) => {
    server.close(() => resolve());
  });
  // A connection that was busy at that moment is kept alive after its answer, but for this.
  const idle = setInterval(() => server.closeIdleConnections(), LOOK_EVERY_MS);
  const limit = setTimeout(() => server.closeAllConnections(), DRAIN_LIMIT_MS);
  await closed;
  clearInterval(idle);
  clearTimeout(limit);
}

function readable(error: NodeJS.ErrnoException, host: string, port: number): Error {
  if (error.code === 'EADDRINUSE')
    return new EnvError(`PORT: ${port} on ${host} is in use by another process`);
  if (error.code === 'EACCES') return new EnvError(`PORT: ${port} may not be used by this account`);
  if (error.code === 'EADDRNOTAVAIL' || error.code === 'ENOTFOUND') {
    return new EnvError(`HOST: ${host} is no address of this machine`);
  }
  return error;
}

/** Listens. @param limits only in tests: how long requests may take to arrive @throws EnvError when host and port can't be had */
export async function listen(
  app: Express,
  { host, port, limits = {} }: { host: string; port: number; limits?: RequestTimes },
): Promise<Listening> {
  const server = createServer({ ...OPTIONS, ...limits, ...messagesOf(app) }, app);
  answerStrays(server);
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error) => reject(readable(error, host, port)));
    server.listen(port, host.replace(/^\[|\]$/g, ''), resolve);
  });
  const { address, family, port: bound } = server.address() as AddressInfo;
  return {
    name: 'the HTTP server',
    url: `http://${family === 'IPv6' ? `[${address}]` : address}:${bound}`,
    close: () => drain(server),
  };
}
