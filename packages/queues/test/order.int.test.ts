import { closeAtEnd, openQueues, queueBackends, waitFor } from '#testkit';
import { makeConsumer } from '#queues';

const ignore = (): void => undefined;

describe.each(queueBackends)('the order of jobs on $name', ({ useServices }) => {
  const services = useServices();

  test('what is added first is taken before all that waits, and is not taken for the oldest', async () => {
    const { backend, producer } = openQueues(services);
    expect(await producer.oldestOf('evaluations')).toBeNull();
    const due = (name: string) => ({ changes: [], due: [{ personId: name, dueAt: 1 }] });
    for (const name of ['a', 'b', 'c']) await producer.add('evaluations', due(name));
    const oldest = await producer.oldestOf('evaluations');
    await waitFor(async () => Date.now() > (oldest ?? 0) + 1);
    for (const name of ['late', 'later']) await producer.addFirst('evaluations', due(name));
    expect(await producer.oldestOf('evaluations')).toBe(oldest);

    const taken: string[] = [];
    const consumer = makeConsumer(
      'evaluations',
      backend,
      async ({ due: people = [] }) => void taken.push(...people.map(({ personId }) => personId)),
      { onError: ignore, onFailed: ignore, concurrency: 1 },
    );
    closeAtEnd(consumer.close);
    await waitFor(async () => taken.length === 5);
    expect(taken.toSorted()).toEqual(['a', 'b', 'c', 'late', 'later']);
    expect(taken.slice(0, 2).toSorted()).toEqual(['late', 'later']);
    expect(taken.slice(2)).toEqual(['a', 'b', 'c']);
    expect(await producer.oldestOf('evaluations')).toBeNull();
  });
});
