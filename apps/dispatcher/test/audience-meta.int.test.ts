import { hashEmail } from '../../../packages/destinations/meta/hashing';
import {
  errorPage,
  type FakeMeta,
  loseAnswer,
  refuseWith,
  queueBackends,
  startFakeMeta,
  waitFor,
} from '#testkit';
import { type Engine, startEngine } from './engine';
import type { TestDispatcher } from './harness';

jest.setTimeout(60_000);

describe.each(queueBackends)('synced audiences of Meta on $name', ({ useServices }) => {
  const services = useServices();
  let meta: FakeMeta;
  let engine: Engine;
  let dispatcher: TestDispatcher;
  let number = 0;
  let aud = '';

  beforeAll(async () => {
    meta = await startFakeMeta();
    engine = await startEngine(services, { meta });
    dispatcher = engine.startDispatcher({ retryDelaysMs: [0, 50, 50], metaWindowMs: 50 });
  });
  beforeEach(async () => {
    number += 1;
    aud = String(1_000 + number);
    const sync = { customAudienceId: aud, sync: true as const };
    const automationConfig = { meta: number === 4 ? { ...sync, conversionEvent: 'Lead' } : sync };
    const criteria = { traits: { plan: { eq: aud } } };
    await engine.client.createSegment({ name: 'pros', criteria, automationConfig });
    await engine.settled();
  });
  afterAll(async () => {
    await dispatcher.stop();
    await meta.close();
  });

  const user = (name: string): string => `${name}-${number}`;
  const address = (name: string): string => `${name}-${number}@x.example`;
  /** Who is there by which address, sorted. */
  const rows = () =>
    meta
      .rowsOf(aud)
      .map((row) => `${row['EXTERN_ID']} ${row['EMAIL']}`)
      .toSorted();
  const row = (name: string, email: string): string => `${user(name)} ${hashEmail(address(email))}`;
  const join = (name: string, email: string) =>
    engine.tell([{ userId: user(name), plan: aud, email: address(email) }]);
  const leave = (name: string) => engine.tell([{ userId: user(name), plan: 'free' }]);

  test('of two who share an address each has a row, and one who leaves takes none of the other', async () => {
    meta.addRow(aud, { EXTERN_ID: 'other-tool', EMAIL: hashEmail('somebody@x.example') });
    const before = rows();
    await join('p', 'team');
    await join('q', 'team');
    await engine.settled();
    expect(rows()).toEqual([...before, row('p', 'team'), row('q', 'team')].toSorted());
    await leave('p');
    await engine.settled();
    expect(rows()).toEqual([...before, row('q', 'team')].toSorted());
    await leave('q');
    await engine.settled();
    expect(rows()).toEqual(before);
  });

  test('a row that is added between two tries to take out its like is there in the end', async () => {
    await dispatcher.stop();
    dispatcher = engine.startDispatcher({ retryDelaysMs: [0, 1_500, 50], metaWindowMs: 50 });
    await join('p', 'team');
    await engine.settled();
    const deletes = () =>
      meta.requests.filter(({ method, path }) => method === 'DELETE' && path.includes(aud));
    meta.disturb(({ method }) => (method === 'DELETE' && deletes().length === 1 ? loseAnswer : null));
    await leave('p');
    await waitFor(() => deletes().length === 1);
    await join('q', 'team');
    await waitFor(() => rows().includes(row('q', 'team')));
    expect(deletes()).toHaveLength(1);
    await engine.settled();
    meta.disturb(null);
    expect(deletes()).toHaveLength(2);
    expect(rows()).toEqual([row('q', 'team')]);
  });

  test('a removal that was perhaps done, and is then not wanted any more, leaves its like there', async () => {
    await dispatcher.stop();
    dispatcher = engine.startDispatcher({
      retryDelaysMs: [0, 1_000, 60_000],
      metaWindowMs: 50,
      timeoutMs: 1_000,
    });
    await join('p', 'team');
    await engine.settled();
    const deletes = () =>
      meta.requests.filter(({ method, path }) => method === 'DELETE' && path.includes(aud));
    meta.disturb(({ method }) => {
      if (method !== 'DELETE') return null;
      return deletes().length === 1 ? refuseWith(errorPage(503)) : loseAnswer;
    });
    await leave('p');
    await waitFor(() => deletes().length === 1);
    await join('q', 'team');
    await waitFor(() => rows().includes(row('q', 'team')));
    await waitFor(() => deletes().length === 2);
    expect(rows()).toEqual([]);
    await join('p', 'team');
    meta.disturb(null);
    await engine.settled();
    expect(rows()).toEqual([row('p', 'team'), row('q', 'team')]);
    expect(deletes()).toHaveLength(2);
  });

  test('an address that changes takes the old row out, and tells of no second conversion', async () => {
    await join('p', 'old');
    await engine.settled();
    await engine.tell([{ userId: user('p'), email: address('new'), phone: '+1 650 555 1212' }]);
    await engine.settled();
    expect(rows()).toEqual([row('p', 'new')]);
    const { deliveries } = await engine.client.listDeliveries({ personId: user('p') });
    const kinds = deliveries.map(({ type, status }) => `${type} ${status}`).toSorted();
    // The row, its conversion event, the other row, and the old one taken out.
    expect(kinds.filter((kind) => kind === 'segment.exited succeeded')).toHaveLength(1);
    const actions = await engine.db.delivery.findMany({ where: { action: 'send' } });
    expect(actions.map(({ status, stateKey }) => [status, stateKey])).toEqual([['succeeded', null]]);
  });

  test('who gets a userId is there by it', async () => {
    const anonymousId = user('visitor');
    const event = { event: 'x', traits: { plan: aud, email: address('v') } };
    await engine.client.track({ ...event, anonymousId });
    await waitFor(() => meta.rowsOf(aud).length === 1);
    expect(rows()).not.toEqual([row('v', 'v')]);
    await engine.client.track({ event: 'y', anonymousId, userId: user('v') });
    await waitFor(() => rows().join() === row('v', 'v'), { what: 'the row of the user alone' });
  });
});
