import { type FakeMeta, startFakeMeta } from '../../testkit/fakes';
import { deliverOne } from '../deliver-one';
import type { DeliveryRequest, Recipient } from '../destination';
import { audienceRequest, metaAutomation, NOW_MS } from '../test/request';
import { makeMetaDestination } from './meta';

const MARY = 'f1904cf1a9d73a55fa5de0ac823c4403ded71afd4c3248d00bdcd0866552bb79';
const JOE = '8830eedd6c6b5ea97d181563a349476ca1bb25ace1f94b5c5e48d9cad727941b';
const PHONE = 'e323ec626319ca94ee8bff2e4c87cf613be6ea19919ed1364124e16807ab3176';
const PERSON = { id: 'p', userId: 'u_1', email: ' Mary@Example.com ', phone: '+1 (650) 555-1212' };

let meta: FakeMeta;
beforeEach(async () => {
  meta = await startFakeMeta();
});
afterEach(() => meta.close());

const destination = () =>
  makeMetaDestination({
    settings: { accessToken: 'meta_test', baseUrl: `${meta.origin}/`, apiVersion: 'v26.0' },
    now: () => NOW_MS,
    timeoutMs: 10_000,
  });

const request = (action: 'add' | 'remove', rest: Partial<DeliveryRequest> = {}) =>
  audienceRequest(metaAutomation(), action, rest);
const deliver = (action: 'add' | 'remove', rest: Partial<DeliveryRequest> = {}) =>
  deliverOne(destination(), request(action, rest));
const deliverAll = (requests: readonly DeliveryRequest[]) =>
  destination().deliver(requests, new AbortController().signal);

const identifierOf = (person: Recipient): string => destination().identifierOf?.(person) ?? '';
const sent = () => meta.requests.map(({ method, path }) => `${method} ${path}`);
const bodies = () =>
  meta.requests.map(({ text }) => JSON.parse(text) as { session?: object; payload: { data: string[][] } });

const people = (count: number): Recipient[] =>
  Array.from({ length: count }, (_, index) => ({
    id: `p${index}`,
    userId: null,
    email: `person.${index}@example.com`,
    phone: null,
  }));

describe('audiences', () => {
  test('add and remove: same path and row, the token in the header only, nothing personal on the wire', async () => {
    expect(await deliver('add')).toMatchObject({
      outcome: { kind: 'delivered' },
      httpStatus: 200,
      error: null,
    });
    expect(meta.rowsOf('2385')).toEqual([{ EXTERN_ID: 'u_1', EMAIL: MARY, PHONE }]);
    await deliver('remove');
    expect(meta.rowsOf('2385')).toEqual([]);
    expect(sent()).toEqual(['POST /v26.0/2385/users', 'DELETE /v26.0/2385/users']);
    const [added, removed] = meta.requests;
    expect(JSON.parse(added?.text ?? '')).toEqual({
      payload: { schema: ['EXTERN_ID', 'EMAIL', 'PHONE'], data: [['u_1', MARY, PHONE]] },
    });
    expect(removed?.body).toEqual(added?.body);
    for (const { headers, path, text } of meta.requests) {
      expect(headers.authorization).toBe('Bearer meta_test');
      expect(path + text).not.toMatch(/meta_test|mary|650|555/i);
    }
  });

  test('again is harmless', async () => {
    await deliver('add');
    await deliver('add');
    expect(meta.rowsOf('2385')).toHaveLength(1);
  });

  test.each(['mary@example.com', '+1 650 555 1212', '16505551212'])(
    'a user id that is an address or the phone (%s) does not leave the house',
    async (userId) => {
      await deliver('add', { person: { ...PERSON, userId } });
      expect(meta.membersOf('2385')).toEqual(['p']);
      expect(meta.requests[0]?.text).not.toMatch(/mary@|650/i);
    },
  );

  test('nothing is sent without an identifier, or without a token', async () => {
    const result = await deliver('add', { person: { ...PERSON, email: null, phone: '' } });
    expect(result.outcome).toEqual({ kind: 'skipped', reason: 'no e-mail address or phone' });
    const unset = makeMetaDestination({ settings: undefined, now: Date.now });
    const reason = 'destination not configured: META_ACCESS_TOKEN is not set';
    expect(unset.isConfigured()).toEqual({ ok: false, reason });
    expect((await deliverOne(unset, request('add'))).outcome).toEqual({ kind: 'skipped', reason });
    expect(sent()).toEqual([]);
  });
});

describe('identifiers of the past', () => {
  const asJoe = { ...PERSON, email: 'joe@eg.com' };

  test('a removal takes out what was added, not what is known now', async () => {
    await deliver('add');
    const kept = [identifierOf(PERSON)];
    await deliver('remove', { person: asJoe, identifiers: kept });
    expect(meta.rowsOf('2385')).toEqual([]);
    expect(bodies()[1]?.payload.data).toEqual([['u_1', MARY, PHONE]]);
  });

  test('a removal needs neither address nor phone when it knows what was added', async () => {
    await deliver('add');
    const person = { ...PERSON, email: null, phone: null };
    const removed = await deliver('remove', { person, identifiers: [identifierOf(PERSON)] });
    expect(removed.outcome).toEqual({ kind: 'delivered' });
    expect(meta.rowsOf('2385')).toEqual([]);
  });

  test('all that was ever sent is taken out, and what is kept is hashed', async () => {
    const kept = [identifierOf(PERSON), identifierOf(asJoe)];
    expect(kept.join()).not.toMatch(/mary|joe|650/i);
    await deliver('remove', { identifiers: kept });
    expect(bodies()[0]?.payload.data).toEqual([
      ['u_1', MARY, PHONE],
      ['u_1', JOE, PHONE],
    ]);
  });

  test('an add under a new address takes the old one out first, and nothing that still holds', async () => {
    await deliver('add');
    await deliver('add', { person: asJoe, identifiers: [identifierOf(PERSON), identifierOf(asJoe)] });
    expect(sent().slice(1)).toEqual(['DELETE /v26.0/2385/users', 'POST /v26.0/2385/users']);
    expect(bodies()[1]?.payload.data).toEqual([['', MARY, '']]);
    expect(meta.rowsOf('2385')).toEqual([{ EXTERN_ID: 'u_1', EMAIL: JOE, PHONE }]);
  });

  test('what is kept and current is not removed before it is added', async () => {
    await deliver('add', { identifiers: [identifierOf(PERSON)] });
    expect(sent()).toEqual(['POST /v26.0/2385/users']);
  });

  test('whom an old identifier can’t be removed of is not added; the others of the group are', async () => {
    meta.disturb(({ method }) =>
      method === 'DELETE' ? () => (_request, response) => void response.writeHead(500).end() : null,
    );
    const [other] = people(1);
    if (other === undefined) throw new Error('nobody');
    const results = await deliverAll([
      request('add', { person: asJoe, identifiers: [identifierOf(PERSON)] }),
      request('add', { person: other }),
    ]);
    expect(results.map(({ outcome }) => outcome.kind)).toEqual(['retry', 'delivered']);
    expect(meta.membersOf('2385')).toEqual(['p0']);
  });
});

describe('groups', () => {
  test('one request for all, results in order, who has no identifier skipped', async () => {
    const nobody = { id: 'n', userId: null, email: null, phone: null };
    const [ada, bob] = people(2);
    if (ada === undefined || bob === undefined) throw new Error('nobody');
    const results = await deliverAll([ada, nobody, bob].map((person) => request('add', { person })));
    expect(results.map(({ outcome }) => outcome.kind)).toEqual(['delivered', 'skipped', 'delivered']);
    expect(sent()).toEqual(['POST /v26.0/2385/users']);
    expect(meta.membersOf('2385')).toEqual(['p0', 'p1']);
    expect(bodies()[0]).not.toHaveProperty('session');
  });

  test('25,001 people are three requests of one session', async () => {
    const results = await deliverAll(people(25_001).map((person) => request('add', { person })));
    expect(results).toHaveLength(25_001);
    expect(results.every(({ outcome }) => outcome.kind === 'delivered')).toBe(true);
    expect(bodies().map(({ payload }) => payload.data.length)).toEqual([10_000, 10_000, 5_001]);
    const id: unknown = expect.any(Number);
    const total = { session_id: id, estimated_num_total: 25_001 };
    expect(bodies().map(({ session }) => session)).toEqual([
      { ...total, batch_seq: 1, last_batch_flag: false },
      { ...total, batch_seq: 2, last_batch_flag: false },
      { ...total, batch_seq: 3, last_batch_flag: true },
    ]);
    expect(new Set(bodies().map(({ session }) => JSON.stringify(session).split(',')[0]))).toHaveProperty(
      'size',
      1,
    );
    expect(meta.rowsOf('2385')).toHaveLength(25_001);
  });

  test('a session that breaks in the middle: what was sent counts, the rest is tried again', async () => {
    let count = 0;
    meta.disturb(() => {
      count += 1;
      return count === 2 ? () => (_request, response) => void response.writeHead(502).end() : null;
    });
    const results = await deliverAll(people(20_001).map((person) => request('add', { person })));
    expect(results.slice(0, 10_000).every(({ outcome }) => outcome.kind === 'delivered')).toBe(true);
    expect(results.slice(10_000).every(({ outcome }) => outcome.kind === 'retry')).toBe(true);
    expect(sent()).toHaveLength(2);
  });

  test('a group has one audience and one action: anything else is a programming error', async () => {
    await expect(deliverAll([request('add'), request('remove')])).rejects.toThrow(TypeError);
    const other = metaAutomation({ customAudienceId: '1' });
    await expect(deliverAll([request('add'), { ...request('add'), automation: other }])).rejects.toThrow(
      TypeError,
    );
    expect(await deliverAll([])).toEqual([]);
  });
});
