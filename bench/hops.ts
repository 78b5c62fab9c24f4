import Redis from 'ioredis';
import { makeClient } from '#client';
import { startEngine } from './engine';
import { untilIdle } from './measure';
import { makePost } from './post';
import { startReceiver } from './receiver';
import { countStatements, type StatementCounter } from './statement-counter';

/** So many events, one after the other, each with a webhook: what is asked of Redis and PostgreSQL for one. */
const EVENTS = 20;
/** The processes' own queries are counted over this time, and subtracted. */
const IDLE_MS = 10_000;

type Counts = { readonly commands: number; readonly statements: number; readonly atMs: number };

/** @returns Redis commands and PostgreSQL statements for one event with a webhook */
export async function measureHops(root: string): Promise<Readonly<Record<string, number>>> {
  let counter: StatementCounter | undefined;
  const engine = await startEngine({
    workers: 1,
    root,
    throughProxy: async (url) => {
      counter = await countStatements(url);
      return counter.url;
    },
  });
  const redis = new Redis(engine.redisUrl);
  const receiver = await startReceiver();
  const { post, close } = makePost(engine.url, 1);
  const counts = async (): Promise<Counts> => {
    const stats = await redis.info('stats');
    const commands = Number(/total_commands_processed:(\d+)/.exec(stats)?.[1]);
    return { commands, statements: counter?.count() ?? NaN, atMs: performance.now() };
  };
  const send = async (userId: string): Promise<void> => {
    const before = receiver.count();
    await post('/api/growth/events', { event: 'bench_probe', userId });
    while (receiver.count() === before) await new Promise((resolve) => setTimeout(resolve, 1));
    await new Promise((resolve) => setTimeout(resolve, 200));
  };
  try {
    const client = makeClient({ baseUrl: engine.url });
    await client.createSegment({
      name: 'probe',
      criteria: { events: [{ eventName: 'bench_probe' }] },
      automationConfig: { webhook: { url: receiver.url, method: 'POST', trigger: 'on_enter' } },
    });
    await untilIdle(engine);
    engine.startDispatcher();
    for (let index = 0; index < 5; index += 1) await send(`warm-${index}`);
    const quiet = await counts();
    await new Promise((resolve) => setTimeout(resolve, IDLE_MS));
    const before = await counts();
    for (let index = 0; index < EVENTS; index += 1) await send(`probe-${index}`);
    const after = await counts();
    const share = (after.atMs - before.atMs) / (before.atMs - quiet.atMs);
    const each = (what: 'commands' | 'statements'): number =>
      (after[what] - before[what] - (before[what] - quiet[what]) * share) / EVENTS;
    return {
      'Redis commands, one event with a webhook': each('commands'),
      'PostgreSQL statements, one event with a webhook': each('statements'),
    };
  } finally {
    close();
    redis.disconnect();
    receiver.close();
    await engine.stop();
    counter?.close();
  }
}
