import { makeConsumer, openQueueBackend } from '#queues';
import { closeAtEnd, queryOnce, queueBackends, waitFor } from '#testkit';

describe.each(queueBackends.filter(({ name }) => name === 'postgres'))(
  'fetching on $name',
  ({ useServices }) => {
    const services = useServices();

    test('that fails for another reason than a lost connection is tried about once a second', async () => {
      await queryOnce(services.databaseUrl, 'ALTER TABLE bullmq.job RENAME TO gone');
      const failedAt: number[] = [];
      const backend = openQueueBackend({
        ...services,
        poolMax: 4,
        durable: true,
        onError: () => undefined,
      });
      closeAtEnd(backend.close);
      const consumer = makeConsumer('events', backend, async () => undefined, {
        concurrency: 16,
        onError: () => failedAt.push(performance.now()),
        onFailed: () => undefined,
      });
      closeAtEnd(consumer.close);
      const fetches = (): number => failedAt.length;
      await waitFor(() => fetches() >= 6, { timeoutMs: 20_000 });
      const [first = 0] = failedAt;
      // Fetching and the look for stalled jobs fail; each at its own pace, of a second and more.
      expect((failedAt[5] ?? 0) - first).toBeGreaterThan(1500);
    }, 30_000);
  },
);
