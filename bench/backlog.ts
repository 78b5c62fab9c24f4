import { readFileSync } from 'node:fs';
import { reportTrouble } from '#database';
import { createTarget, insertDue, multiplyDue } from './delivery-load';
import { type DeliveryServices, startDispatcher, until, withDeliveryServices } from './delivery-services';
import { stopChild } from './engine';
import { startBadReceiver, startReceiver } from './receiver';

// `npm run bench:backlog`: a million deliveries that can't be sent now, of endpoints that hang, fail or asked for a pause,
// with four segments each. What a dispatcher holds of them in memory and in its queue meanwhile, and how soon it sends
// what another endpoint can take.

const BACKLOG = Number(process.env['BENCH_BACKLOG'] ?? 1_000_000);
const HEALTHY = Number(process.env['BENCH_DELIVERIES'] ?? 2_000);
const PAUSED = Array.from({ length: 6 }, (_none, index) => `http://paused-${index}.example`);
const SEGMENTS_EACH = 4;

const round = (value: number): string => Math.round(value).toLocaleString('en-US');

/** The most memory (MB) that a process held so far. Linux only; NaN elsewhere. */
function peakMb(pid: number): number {
  if (process.platform !== 'linux') return NaN;
  return Number(/^VmHWM:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) / 1024;
}

async function insertBacklog({ db }: DeliveryServices, urls: readonly string[]): Promise<void> {
  const each = Math.ceil(BACKLOG / (urls.length * SEGMENTS_EACH));
  for (const url of urls.flatMap((one) => Array.from({ length: SEGMENTS_EACH }, () => one))) {
    const target = await createTarget(db, url);
    await insertDue(db, target, 1);
    await multiplyDue(db, target, each - 1);
  }
}

async function backlog(services: DeliveryServices): Promise<void> {
  const { db, producer } = services;
  const healthy = await startReceiver();
  const bad = [
    await startBadReceiver('hang'),
    await startBadReceiver('hang'),
    await startBadReceiver('fail'),
  ];
  const dispatcher = startDispatcher(services);
  const pid = dispatcher.pid ?? 0;
  let mostJobs = 0;
  /** Milliseconds until the other endpoint has got all. */
  const sendHealthy = async (): Promise<number> => {
    const target = await createTarget(db, healthy.url);
    const base = healthy.count();
    await insertDue(db, target, HEALTHY);
    const startedAt = performance.now();
    await producer.wakeRelay('webhook');
    await until(async () => {
      const { waiting, active } = await producer.countsOf('automation-webhook');
      mostJobs = Math.max(mostJobs, waiting + active);
      return healthy.count() >= base + HEALTHY;
    });
    return performance.now() - startedAt;
  };
  try {
    await sendHealthy();
    const aloneMs = await sendHealthy();
    const [aloneMb, aloneJobs] = [peakMb(pid), mostJobs];
    mostJobs = 0;
    for (const endpoint of PAUSED) {
      const pause = { state: 'paused', reason: 'HTTP 429', failures: 0, holdMs: 3_600_000 } as const;
      await reportTrouble(db, 'webhook', [{ endpoint, ...pause }]);
    }
    const insertedAt = performance.now();
    await insertBacklog(services, [...PAUSED, ...bad.map(({ url }) => url)]);
    const insertS = (performance.now() - insertedAt) / 1000;
    const besideMs = await sendHealthy();
    const left = await db.delivery.count({ where: { status: { in: ['pending', 'retrying'] } } });
    console.log(
      `${round(HEALTHY)} to a healthy endpoint: ${round(aloneMs)} ms alone, ${round(besideMs)} ms beside ${round(left)} ` +
        `that can't be sent (inserted in ${insertS.toFixed(0)} s); jobs at most ${aloneJobs} and ${mostJobs}; the ` +
        `dispatcher's memory at most ${round(aloneMb)} MB and ${round(peakMb(pid))} MB`,
    );
  } finally {
    healthy.close();
    for (const { close } of bad) close();
    await stopChild(dispatcher);
  }
}

withDeliveryServices(backlog).catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});
