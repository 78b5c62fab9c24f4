import { makeClient } from '#client';
import type { Engine } from './engine';
import { measureLatency, percentiles } from './latency';
import { makeEvents } from './load';
import { untilIdle } from './measure';
import type { Post } from './post';
import type { Receiver } from './receiver';

/** Single requests a second: so few that nothing waits for another. */
const RATE = 40;
const SECONDS = 15;

/** What a webhook of the probe's segment tells, as far as it is read. */
type Told = { readonly data: { readonly person: { readonly userId: string | null } } };

/**
 * From the request to the committed membership, and to the webhook's arrival, for people nobody knew.
 * @returns p50 and p99 of both (ms)
 */
export async function measureBothLatencies(
  engine: Engine,
  receiver: Receiver,
  post: Post,
): Promise<Readonly<Record<string, number>>> {
  const client = makeClient({ baseUrl: engine.url });
  const { segment } = await client.createSegment({
    name: 'probe',
    criteria: { events: [{ eventName: 'bench_probe' }] },
    automationConfig: { webhook: { url: receiver.url, method: 'POST', trigger: 'on_enter' } },
  });
  await untilIdle(engine);
  engine.startDispatcher();
  const sentAt = new Map<string, number>();
  const arrivedAt = new Map<string, number>();
  receiver.onBody((body) => {
    const { userId } = (JSON.parse(body) as Told).data.person;
    if (userId !== null) arrivedAt.set(userId, performance.now());
  });
  const timed: Post = (path, body) => {
    const { userId } = body as { readonly userId: string };
    if (userId.startsWith('probe-')) sentAt.set(userId, performance.now());
    return post(path, body);
  };
  const run = (prefix: string, seconds: number) =>
    measureLatency({
      databaseUrl: engine.databaseUrl,
      post: timed,
      segmentId: segment.id,
      users: Array.from({ length: Math.ceil((RATE * seconds) / 10) }, (_none, index) => `${prefix}-${index}`),
      rate: RATE,
      seconds,
      background: makeEvents(RATE * seconds, 5, Date.now(), 0),
    });
  // The dispatcher starts meanwhile, and its first deliveries load its code.
  await run('warm', 5);
  const membership = await run('probe', SECONDS);
  const giveUpAt = performance.now() + 20_000;
  while (arrivedAt.size < sentAt.size && performance.now() < giveUpAt)
    await new Promise((resolve) => setTimeout(resolve, 20));
  const webhook = percentiles([...sentAt].map(([user, sent]) => (arrivedAt.get(user) ?? Infinity) - sent));
  return {
    'POST to membership p50, ms': membership.p50,
    'POST to membership p99, ms': membership.p99,
    'POST to webhook p50, ms': webhook.p50,
    'POST to webhook p99, ms': webhook.p99,
  };
}
