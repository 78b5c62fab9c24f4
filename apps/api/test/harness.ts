import { type IncomingHttpHeaders, request as httpRequest } from 'node:http';
import { connect, connectForReads, type Database, makeCounters } from '#database';
import { makeDestinations } from '#destinations';
import type { EngineEvent } from '#events';
import { makeProducer, openQueueBackend, type Producer, QUEUES } from '#queues';
import { makeLog } from '#runtime';
import { makeSecretBox } from '#secrets';
import { closeAtEnd, openQueues, type TestServices, waitFor } from '#testkit';
import { makeApp } from '../app';
import type { AppDeps } from '../deps';
import { listen, type RequestTimes } from '../http/server';
import type { PressureLimits } from '../operations/pressure';
import { openWatch } from '../operations/watch';

/** A request; `body` is sent as JSON unless it is a string or bytes. */
export type Sending = {
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: unknown;
};

/** An answer; `body` is what its JSON says. */
export type Answer = {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
  readonly body: unknown;
};

/** The API on real services. */
export type Api = {
  readonly url: string;
  readonly db: Database;
  readonly reads: Database;
  readonly producer: Producer;
  readonly send: (method: string, path: string, sending?: Sending) => Promise<Answer>;
};

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** `fetch` would correct what is to be sent wrong: paths, and the headers Host and Origin. */
export function sendTo(
  url: string,
  method: string,
  path: string,
  { headers = {}, body }: Sending = {},
): Promise<Answer> {
  const isRaw = typeof body === 'string' || Buffer.isBuffer(body);
  const payload =
    body === undefined ? undefined : isRaw ? Buffer.from(body) : Buffer.from(JSON.stringify(body));
  const { hostname, port } = new URL(url);
  return new Promise((resolve, reject) => {
    const request = httpRequest(
      {
        hostname,
        port,
        method,
        path,
        headers: {
          ...(payload === undefined
            ? {}
            : { 'content-type': 'application/json', 'content-length': payload.length }),
          ...headers,
        },
      },
      (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('error', reject);
        response.on('end', () => {
          const text = Buffer.concat(chunks).toString();
          resolve({ status: response.statusCode ?? 0, headers: response.headers, text, body: parsed(text) });
        });
      },
    );
    request.on('error', reject);
    request.end(payload);
  });
}

const ignore = (): void => {};

type Settings = Partial<
  Pick<
    AppDeps,
    | 'adminKeys'
    | 'writeKeys'
    | 'metricsKeys'
    | 'webhookAllowCidrs'
    | 'clock'
    | 'secretBox'
    | 'log'
    | 'reads'
    | 'destinations'
    | 'downloadStallMs'
  >
> & { readonly limits?: RequestTimes; readonly pressure?: Partial<PressureLimits> };
type Close = () => Promise<void>;

/** Starts the API on a free port. @returns with what it opened, in that order */
export async function openApi(
  { databaseUrl, redisUrl }: TestServices,
  { limits = {}, pressure = {}, ...settings }: Settings = {},
): Promise<{ readonly api: Api; readonly opened: readonly Close[] }> {
  const { db, close } = connect(databaseUrl, 5, ignore);
  const { db: reads, close: closeReads } = connectForReads(databaseUrl, 4, ignore);
  const backend = openQueueBackend({ databaseUrl, redisUrl, poolMax: 4, durable: true, onError: ignore });
  const producer = makeProducer(backend, ignore);
  const { webhookAllowCidrs = [], secretBox = makeSecretBox([]), ...others } = settings;
  const watch = openWatch({
    databaseUrl,
    queueUrl: redisUrl === undefined ? databaseUrl : null,
    backend,
    limits: { backlogMaxEvents: 5_000_000, minFreeDiskMb: 0, dataFolder: null, ...pressure },
  });
  const counters = makeCounters(db, ignore);
  const app = makeApp({
    db,
    reads,
    producer,
    watch,
    log: makeLog('api', 'silent'),
    counters,
    writeKeys: [],
    adminKeys: [],
    destinations: makeDestinations({ webhookAllowCidrs, secretBox, now: settings.clock ?? Date.now }),
    ...others,
    webhookAllowCidrs,
    secretBox,
  });
  const server = await listen(app, { host: '127.0.0.1', port: 0, limits });
  const { url } = server;
  const send: Api['send'] = (method, path, sending) => sendTo(url, method, path, sending);
  const api: Api = { url, db, reads: settings.reads ?? reads, producer, send };
  return {
    api,
    opened: [
      close,
      closeReads,
      () => counters.close(),
      backend.close,
      producer.close,
      () => watch.close(),
      () => server.close(),
    ],
  };
}

/** What the API has told dispatchers since it was last asked, sorted. */
export type WakeUps = () => Promise<readonly string[]>;

/** Listens as a dispatcher does. */
export function listenForWakeUps(services: TestServices): WakeUps {
  const { backend, producer } = openQueues(services);
  let told: string[] = [];
  const { close } = backend.wakeUps.listen((destination) => told.push(destination));
  closeAtEnd(close);
  let marks = 0;
  return async () => {
    const first = marks;
    // What was told before a mark comes before it. Until it listens, nothing comes.
    await waitFor(async () => {
      await producer.wakeRelay(`mark ${(marks += 1)}`);
      return told.some((one) => one.startsWith('mark ') && Number(one.slice(5)) > first);
    });
    const before = told.filter((one) => !one.startsWith('mark ')).toSorted();
    told = [];
    return before;
  };
}

/** Starts the API on a free port; it is closed at the end of the file. */
export async function startApi(services: TestServices, settings: Settings = {}): Promise<Api> {
  const { api, opened } = await openApi(services, settings);
  opened.forEach(closeAtEnd);
  return api;
}

/** The events that wait in the queue, oldest job first. */
export async function queuedEvents({ producer }: Pick<Api, 'producer'>): Promise<EngineEvent[]> {
  const jobs = await producer.queueOf('events').getJobs(['waiting', 'prioritized', 'delayed'], 0, -1, true);
  return jobs.flatMap((job) => QUEUES.events.payload.parse(job.data).events);
}
