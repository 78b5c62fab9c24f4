import { randomUUID } from 'node:crypto';
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { createServer } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import axios from 'axios';
import { applyMigrations, claimDueDeliveries, connect, startEmbeddedPostgres } from '#database';
import type { Database } from '#database';
import type { Producer } from '#queues';
import { makeProducer, openQueueBackend } from '#queues';
import { projectRoot } from '#runtime';
import { cpuMsOf } from './cpu';
import { createTarget, insertBacklog, insertDue } from './delivery-load';
import type { Target } from './delivery-load';
import { freePort, startRedis, stopChild } from './engine';
import { startReceiver } from './receiver';
import type { Receiver } from './receiver';

// `npm run bench:deliveries`: what one dispatcher sends to a local receiver, beside what a bare HTTP client does in the
// same run; how long a healthy endpoint waits alone, and beside one that hangs and one that fails; and what a round of
// claims costs with a million deliveries that are due. Ratios hold on a noisy machine, absolute rates do not.

const COUNT = Number(process.env['BENCH_DELIVERIES'] ?? 15_000);
const BARE = 5_000;
const BARE_WIDTH = 100;
const PROBES = 200;
const FLOOD = 10_000;
const BACKLOG = Number(process.env['BENCH_BACKLOG'] ?? 1_000_000);
const ROUNDS = 20;

type Setup = { readonly db: Database; readonly producer: Producer; readonly env: NodeJS.ProcessEnv };

const round = (value: number): string => Math.round(value).toLocaleString('en-US');
const at = (sorted: readonly number[], share: number): number =>
  sorted[Math.floor(sorted.length * share)] ?? NaN;

async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await condition())) await new Promise((resolve) => setTimeout(resolve, 5));
}

async function bareRate({ url }: Receiver): Promise<number> {
  const startedAt = performance.now();
  const body = Buffer.from(JSON.stringify({ data: 'x'.repeat(500) }));
  let left = BARE;
  const lane = async (): Promise<void> => {
    while (left-- > 0) await axios.post(url, body, { headers: { 'content-type': 'application/json' } });
  };
  await Promise.all(Array.from({ length: BARE_WIDTH }, lane));
  return (BARE / (performance.now() - startedAt)) * 1000;
}

function startDispatcher({ env }: Setup): ChildProcess {
  return spawn(process.execPath, ['dist/apps/dispatcher/main.js'], {
    cwd: projectRoot(),
    env,
    stdio: ['ignore', 'ignore', 'inherit'],
  });
}

async function throughput(setup: Setup, receiver: Receiver): Promise<void> {
  const bare = await bareRate(receiver);
  const target = await createTarget(setup.db, receiver.url);
  await insertDue(setup.db, target, COUNT);
  const base = receiver.count();
  const dispatcher = startDispatcher(setup);
  const pids = [dispatcher.pid ?? 0];
  await until(() => receiver.count() > base + 500);
  const [from, cpuFrom, startedAt] = [receiver.count(), cpuMsOf(pids), performance.now()];
  await until(() => receiver.count() >= base + COUNT - 200);
  const [sent, elapsedMs] = [receiver.count() - from, performance.now() - startedAt];
  const cpu = ((cpuMsOf(pids) ?? NaN) - (cpuFrom ?? NaN)) / sent;
  await until(async () => (await setup.db.delivery.count({ where: { status: 'pending' } })) === 0);
  await stopChild(dispatcher);
  const rate = (sent / elapsedMs) * 1000;
  console.log(
    `deliveries: ${round(rate)}/s, ${(rate / bare).toFixed(2)} of a bare axios client (${round(bare)}/s); ` +
      `dispatcher CPU ${cpu.toFixed(2)} ms each; received ${receiver.count() - base} of ${COUNT}`,
  );
}

/** Milliseconds from the commit of a delivery to its receipt, sorted. */
async function probe({ db, producer }: Setup, receiver: Receiver, target: Target): Promise<number[]> {
  const waits: number[] = [];
  for (let index = 0; index < PROBES; index += 1) {
    const before = receiver.count();
    await insertDue(db, target, 1);
    const startedAt = performance.now();
    await producer.add('relay', { destination: 'webhook' });
    await until(() => receiver.count() > before);
    waits.push(performance.now() - startedAt);
  }
  return waits.toSorted((one, other) => one - other);
}

async function startBad(
  answer: 'hang' | 'fail',
): Promise<{ readonly url: string; readonly close: () => void }> {
  const server = createServer((_request, response) => {
    if (answer === 'fail') response.writeHead(500).end();
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const close = (): void => {
    server.closeAllConnections();
    server.close();
  };
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`, close };
}

async function isolation(setup: Setup, receiver: Receiver): Promise<void> {
  const target = await createTarget(setup.db, receiver.url);
  const dispatcher = startDispatcher(setup);
  const bad = [await startBad('hang'), await startBad('fail')];
  try {
    await insertDue(setup.db, target, 200);
    const base = receiver.count();
    await until(() => receiver.count() === base + 200);
    const alone = await probe(setup, receiver, target);
    for (const { url } of bad) await insertDue(setup.db, await createTarget(setup.db, url), FLOOD);
    await setup.producer.add('relay', { destination: 'webhook' });
    const beside = await probe(setup, receiver, target);
    const ratio = at(beside, 0.5) / at(alone, 0.5);
    console.log(
      `a healthy endpoint alone: p50 ${at(alone, 0.5).toFixed(0)} ms, p99 ${at(alone, 0.99).toFixed(0)} ms; beside one ` +
        `that hangs and one that fails, ${round(FLOOD)} each: p50 ${at(beside, 0.5).toFixed(0)} ms (${ratio.toFixed(1)} ` +
        `times), p99 ${at(beside, 0.99).toFixed(0)} ms`,
    );
  } finally {
    for (const { close } of bad) close();
    await stopChild(dispatcher);
  }
}

async function claims({ db }: Setup): Promise<void> {
  await insertBacklog(db, 'bench', BACKLOG);
  const times: number[] = [];
  for (let index = 0; index < ROUNDS; index += 1) {
    const startedAt = performance.now();
    await claimDueDeliveries(db, {
      destination: 'bench',
      room: 200,
      endpointMax: 30,
      exceptions: [],
      exceptionMax: 150,
      windowMs: 0,
      claimToken: randomUUID(),
      leaseMs: 20,
      after: null,
    });
    times.push(performance.now() - startedAt);
  }
  const sorted = times.toSorted((one, other) => one - other);
  console.log(
    `a round of 200 claims among ${round(BACKLOG)} due: p50 ${at(sorted, 0.5).toFixed(0)} ms, most ${at(sorted, 0.99).toFixed(0)} ms`,
  );
}

async function main(): Promise<void> {
  const folder = mkdtempSync(path.join(tmpdir(), 'segment-engine-bench-'));
  const postgres = await startEmbeddedPostgres({ folder });
  await applyMigrations({ connectionString: postgres.url });
  const redisPort = await freePort();
  const redis = await startRedis(folder, redisPort);
  const redisUrl = `redis://127.0.0.1:${redisPort}`;
  const ignore = (): void => undefined;
  const { db, close } = connect(postgres.url, 4, ignore);
  const settings = { databaseUrl: postgres.url, redisUrl, poolMax: 2, durable: false, onError: ignore };
  const backend = openQueueBackend(settings);
  const producer = makeProducer(backend, ignore);
  const receiver = await startReceiver();
  const env = {
    PATH: process.env['PATH'],
    DATABASE_URL: postgres.url,
    REDIS_URL: redisUrl,
    LOG_LEVEL: 'warn',
    WEBHOOK_ALLOW_CIDRS: '127.0.0.0/8',
  };
  const setup = { db, producer, env };
  try {
    await throughput(setup, receiver);
    await isolation(setup, receiver);
    await claims(setup);
  } finally {
    receiver.close();
    await producer.close();
    await backend.close();
    await close();
    await stopChild(redis);
    await postgres.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

main().catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});
