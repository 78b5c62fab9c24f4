import { readCounters } from '#database';
import { openQueues, queueBackends, type Queues, waitFor } from '#testkit';
import { useAudiences } from './audience-fixture';

jest.setTimeout(60_000);

describe.each(queueBackends)('the scheduled comparison of audiences on $name', ({ useServices }) => {
  const services = useServices();
  const world = useAudiences(services);
  let queues: Queues;
  beforeAll(() => {
    queues = openQueues(services);
  });

  test('finds nothing wrong where nothing is, counts what is, and puts it right', async () => {
    const { engine, synced, create, join, members, addresses, audienceId, user } = world();
    const { db } = engine;
    const compare = async (): Promise<void> => {
      const before = await db.audience.findUniqueOrThrow({ where: { audience: `resend:${audienceId}` } });
      await queues.producer.add('schedule', {});
      await waitFor(async () => {
        const { finishedAt } = await db.audience.findUniqueOrThrow({ where: { audience: before.audience } });
        return (finishedAt?.getTime() ?? 0) > (before.finishedAt?.getTime() ?? 0);
      });
      await engine.settled();
    };
    const drifts = async (): Promise<number> => {
      const found = (await readCounters(db)).filter(({ name }) => name === 'audience_drift_total');
      expect(found.every(({ labels }) => labels === 'destination="resend"')).toBe(true);
      return found.reduce((sum, { value }) => sum + value, 0);
    };
    await create(synced());
    await join('a', 'b', 'c');
    await engine.settled();
    await compare();

    // What a wrong program might have left: an entry that nobody sends, and a member whom nobody marked.
    const { id } = (await engine.client.getPerson(user('a'))).person;
    await db.audienceEntry.updateMany({ where: { personId: id }, data: { there: 'no' } });
    const { id: other } = (await engine.client.getPerson(user('b'))).person;
    await db.person.update({ where: { id: other }, data: { email: addresses('moved')[0] ?? null } });
    await compare();
    await waitFor(async () => (await drifts()) === 2, { what: 'two drifts, and none before' });
    expect(members()).toEqual(addresses('a', 'c', 'moved'));
  });
});
