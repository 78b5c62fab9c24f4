import { randomUUID } from 'node:crypto';
import axios from 'axios';
import { claimDueDeliveries } from '#database';
import { cpuMsOf } from './cpu';
import { createTarget, insertBacklog, insertDue, type Target } from './delivery-load';
import { type DeliveryServices, startDispatcher, until, withDeliveryServices } from './delivery-services';
import { stopChild } from './engine';
import { type Receiver, startBadReceiver, startReceiver } from './receiver';

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

const round = (value: number): string => Math.round(value).toLocaleString('en-US');
const at = (sorted: readonly number[], share: number): number =>
  sorted[Math.floor(sorted.length * share)] ?? NaN;

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

async function throughput(services: DeliveryServices, receiver: Receiver): Promise<void> {
  const bare = await bareRate(receiver);
  const target = await createTarget(services.db, receiver.url);
  await insertDue(services.db, target, COUNT);
  const base = receiver.count();
  const dispatcher = startDispatcher(services);
  const pids = [dispatcher.pid ?? 0];
  await until(() => receiver.count() > base + 500);
  const [from, cpuFrom, startedAt] = [receiver.count(), cpuMsOf(pids), performance.now()];
  await until(() => receiver.count() >= base + COUNT - 200);
  const [sent, elapsedMs] = [receiver.count() - from, performance.now() - startedAt];
  const cpu = ((cpuMsOf(pids) ?? NaN) - (cpuFrom ?? NaN)) / sent;
  await until(async () => (await services.db.delivery.count({ where: { status: 'pending' } })) === 0);
  await stopChild(dispatcher);
  const rate = (sent / elapsedMs) * 1000;
  console.log(
    `deliveries: ${round(rate)}/s, ${(rate / bare).toFixed(2)} of a bare axios client (${round(bare)}/s); ` +
      `dispatcher CPU ${cpu.toFixed(2)} ms each; received ${receiver.count() - base} of ${COUNT}`,
  );
}

/** Milliseconds from the commit of a delivery to its receipt, sorted. */
async function probe(
  { db, producer }: DeliveryServices,
  receiver: Receiver,
  target: Target,
): Promise<number[]> {
  const waits: number[] = [];
  for (let index = 0; index < PROBES; index += 1) {
    const before = receiver.count();
    await insertDue(db, target, 1);
    const startedAt = performance.now();
    await producer.wakeRelay('webhook');
    await until(() => receiver.count() > before);
    waits.push(performance.now() - startedAt);
  }
  return waits.toSorted((one, other) => one - other);
}

async function isolation(services: DeliveryServices, receiver: Receiver): Promise<void> {
  const target = await createTarget(services.db, receiver.url);
  const dispatcher = startDispatcher(services);
  const bad = [await startBadReceiver('hang'), await startBadReceiver('fail')];
  try {
    await insertDue(services.db, target, 200);
    const base = receiver.count();
    await until(() => receiver.count() === base + 200);
    const alone = await probe(services, receiver, target);
    for (const { url } of bad) await insertDue(services.db, await createTarget(services.db, url), FLOOD);
    await services.producer.wakeRelay('webhook');
    const beside = await probe(services, receiver, target);
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

async function claims({ db }: DeliveryServices): Promise<void> {
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
  const receiver = await startReceiver();
  try {
    await withDeliveryServices(async (services) => {
      await throughput(services, receiver);
      await isolation(services, receiver);
      await claims(services);
    });
  } finally {
    receiver.close();
  }
}

main().catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});
