import { v7 as uuidv7 } from 'uuid';
import { inTransaction, insertEvaluation, raiseRevision } from '#database';
import { queueBackends, waitFor } from '#testkit';
import { startWorker } from './harness';

jest.setTimeout(60_000);

const OPEN_MAX = 1_200;

describe.each(queueBackends)('archiving on $name', ({ useServices }) => {
  const services = useServices();

  test('ends with nothing left to be sent, however much there was', async () => {
    const { db, queues, stop } = startWorker(services);
    const id = uuidv7();
    const other = uuidv7();
    const criteria = { person: { hasEmail: true } };
    await db.segment.createMany({
      data: [id, other].map((one) => ({
        id: one,
        name: 's',
        criteria,
        status: one === id ? 'archived' : 'active',
      })),
    });
    const delivery = (segmentId: string, status: string) => ({
      id: uuidv7(),
      segmentId,
      personId: id,
      membershipId: 1n,
      automationId: id,
      destination: 'webhook',
      type: 'segment.entered',
      action: 'send',
      endpoint: 'e',
      status,
      nextAttemptAt: new Date(Date.now() + 3_600_000),
    });
    await db.delivery.createMany({
      data: Array.from({ length: OPEN_MAX }, (_, index) =>
        delivery(id, index % 2 === 0 ? 'pending' : 'retrying'),
      ),
    });
    await db.delivery.createMany({ data: [delivery(other, 'pending'), delivery(id, 'dead')] });
    const evaluationId = uuidv7();
    await inTransaction(db, async (tx) => {
      await raiseRevision(tx);
      await insertEvaluation(tx, {
        id: evaluationId,
        kind: 'archive',
        segmentId: id,
        automations: 'suppress',
      });
    });
    await queues.producer.add('backfill', { evaluationId }, evaluationId);
    const isOver = async () =>
      (await db.evaluation.findUniqueOrThrow({ where: { id: evaluationId } })).status === 'completed';
    await waitFor(isOver, { timeoutMs: 30_000 });
    const counts = await db.delivery.groupBy({ by: ['segmentId', 'status', 'reason'], _count: true });
    expect(counts).toHaveLength(3);
    expect(counts).toEqual(
      expect.arrayContaining([
        { segmentId: id, status: 'skipped', reason: 'segment archived', _count: OPEN_MAX },
        { segmentId: id, status: 'dead', reason: null, _count: 1 },
        { segmentId: other, status: 'pending', reason: null, _count: 1 },
      ]),
    );
    await stop();
  });
});
