import { v7 as uuidv7 } from 'uuid';
import { insertDeliveries } from '#database';
import { queueBackends, waitFor } from '#testkit';
import { makeRoutes } from '../app';
import type { AppDeps } from '../deps';
import { makeMetrics } from '../operations/metrics';
import { type Answer, type Api, type Sending, startApi } from './harness';
import { makePeople } from './people';

jest.setTimeout(60_000);

const CRITERIA = { person: { hasEmail: true } };
const ADMIN = { authorization: 'Bearer admin-key' };

type Entry = { id: string; at: string; by: string; action: string; target: string | null };

describe.each(queueBackends.slice(0, 1))('the audit', ({ useServices }) => {
  const services = useServices();
  let api: Api;
  beforeAll(async () => {
    api = await startApi(services, {
      adminKeys: ['ops:admin-key', 'second-key'],
      writeKeys: ['write-key'],
      webhookAllowCidrs: ['127.0.0.0/8'],
    });
  });

  const send = (method: string, path: string, sending: Sending = {}): Promise<Answer> =>
    api.send(method, path, { ...sending, headers: { ...ADMIN, ...sending.headers } });
  const audit = async (query = ''): Promise<{ audit: Entry[]; nextCursor: string | null }> =>
    (await send('GET', `/api/growth/audit${query}`)).body as never;
  const createSegment = async (automationConfig?: object): Promise<{ id: string; automationId: string }> => {
    const body = { name: 'anna@example.com', criteria: CRITERIA, automationConfig };
    const { segment } = (await send('POST', '/api/growth/segments', { body })).body as never as {
      segment: { id: string; automationConfig?: { webhook?: { id: string } } };
    };
    return { id: segment.id, automationId: segment.automationConfig?.webhook?.id ?? '' };
  };
  const webhook = { webhook: { url: 'http://127.0.0.1:9/hook', headers: { 'X-Token': 'header-secret' } } };

  async function deliveryOf(segmentId: string, status: string): Promise<string> {
    const [personId = ''] = await makePeople(api.db, [`audited-${uuidv7()}`]);
    const id = uuidv7();
    await insertDeliveries(api.db, [
      {
        id,
        segmentId,
        personId,
        membershipId: 1n,
        automationId: uuidv7(),
        destination: 'webhook',
        type: 'segment.entered',
        action: 'send',
        endpoint: 'http://127.0.0.1:9',
        stateKey: null,
        createdAt: Date.now(),
      },
    ]);
    await api.db.delivery.update({ where: { id }, data: { status, nextAttemptAt: null } });
    return id;
  }

  type Change = { readonly path: string; readonly body?: unknown; readonly target: string | null };

  /** How each route is asked for a change, and what the audit should name. */
  const CHANGES: Readonly<Record<string, () => Promise<Change>>> = {
    'POST /api/growth/segments': async () => ({
      path: '/api/growth/segments',
      body: { name: 's', criteria: CRITERIA },
      target: expect.stringMatching(/^[0-9a-f-]{36}$/) as never,
    }),
    'PATCH /api/growth/segments/:id': async () => {
      const { id } = await createSegment();
      return { path: `/api/growth/segments/${id.toUpperCase()}`, body: { name: 'another' }, target: id };
    },
    'DELETE /api/growth/segments/:id': async () => {
      const { id } = await createSegment();
      return { path: `/api/growth/segments/${id}`, target: id };
    },
    'POST /api/growth/segments/:id/automations/test': async () => {
      const { id } = await createSegment(webhook);
      return { path: `/api/growth/segments/${id}/automations/test`, target: id };
    },
    'POST /api/growth/segments/:id/automations/:automationId/rotate-secret': async () => {
      const { id, automationId } = await createSegment(webhook);
      const path = `/api/growth/segments/${id}/automations/${automationId}/rotate-secret`;
      return { path, target: `${id}/${automationId}` };
    },
    'POST /api/growth/segments/evaluate': async () => ({
      path: '/api/growth/segments/evaluate',
      body: { batchAll: true },
      target: null,
    }),
    'POST /api/growth/deliveries/retry': async () => ({
      path: '/api/growth/deliveries/retry',
      body: { status: 'dead' },
      target: null,
    }),
    'POST /api/growth/deliveries/replay': async () => ({
      path: '/api/growth/deliveries/replay',
      body: { segmentId: (await createSegment()).id, since: '2026-01-01T00:00:00Z' },
      target: null,
    }),
    'POST /api/growth/deliveries/:id/retry': async () => {
      const id = await deliveryOf((await createSegment()).id, 'dead');
      return { path: `/api/growth/deliveries/${id}/retry`, target: id };
    },
    'POST /api/growth/destinations/resume': async () => {
      await api.db.deliveryGate.create({ data: { destination: 'meta', endpoint: '', state: 'halted' } });
      return { path: '/api/growth/destinations/resume', body: { destination: 'meta' }, target: null };
    },
    'PUT /api/growth/settings/features': async () => ({
      path: '/api/growth/settings/features',
      body: { features: { coreActions: [uuidv7()] } },
      target: null,
    }),
  };

  const routes = makeRoutes(
    { webhookAllowCidrs: [], watch: {} } as unknown as AppDeps,
    makeMetrics({} as never),
  ).filter(({ method, access }) => method !== 'get' && access !== 'write' && access !== 'write-or-admin');
  const nameOf = ({ method, path }: { method: string; path: string }): string =>
    `${method.toUpperCase()} ${path}`;
  /** Questions that are asked by POST, for they are long. */
  const QUESTIONS = ['POST /api/growth/segments/preview', 'POST /api/growth/segments/:id/dry-run'];

  test('every route that changes something keeps one', () => {
    const silent = routes.filter(({ isAudited }) => isAudited !== true).map(nameOf);
    expect(silent).toEqual(QUESTIONS);
    expect(routes.map(nameOf)).toEqual(expect.arrayContaining(Object.keys(CHANGES)));
  });

  test.each(Object.keys(CHANGES))('%s tells who changed what', async (action) => {
    const change = await CHANGES[action]?.();
    if (change === undefined) throw new Error('no change');
    const before = (await audit()).audit.length;
    const [method = ''] = action.split(' ');
    const { path, body, target } = change;
    const answer = await send(method, path, body === undefined ? {} : { body });
    expect([200, 201, 202, 204]).toContain(answer.status);
    const after = await audit();
    expect(after.audit).toHaveLength(before + 1);
    expect(after.audit[0]).toEqual({
      id: expect.any(String),
      at: expect.stringMatching(/^\d{4}-.*Z$/),
      by: 'ops',
      action,
      target,
    });
    expect(JSON.stringify(after)).not.toMatch(/anna|header-secret|admin-key/);
  });

  test('what changed nothing, was refused, or only asked is not there; nor is what clients send', async () => {
    const { id } = await createSegment();
    const before = (await audit()).audit;
    expect(
      (await send('PATCH', `/api/growth/segments/${id}`, { body: { name: 'anna@example.com' } })).status,
    ).toBe(200);
    expect((await send('PATCH', `/api/growth/segments/${id}`, { body: { nam: 'x' } })).status).toBe(400);
    expect((await send('DELETE', `/api/growth/segments/${uuidv7()}`)).status).toBe(404);
    const preview = await send('POST', '/api/growth/segments/preview', { body: { criteria: CRITERIA } });
    expect(preview.status).toBe(200);
    const headers = { authorization: 'Bearer write-key' };
    const event = { event: 'e', userId: 'u' };
    expect((await send('POST', '/api/growth/events', { headers, body: event })).status).toBe(202);
    expect((await audit()).audit).toEqual(before);
  });

  test('a key without a name is called by its place, and the board of queues is audited too', async () => {
    const headers = { authorization: 'Bearer second-key' };
    for (const change of ['pause', 'resume']) {
      const path = `/admin/queues/api/queues/backfill/${change}`;
      expect((await send('PUT', path, { headers })).status).toBe(200);
      // The board answers for itself, and its change is kept after that.
      const target = `/api/queues/backfill/${change}`;
      const newest = await waitFor(async () => {
        const [entry] = (await audit('?limit=1')).audit;
        return entry?.target === target && entry;
      });
      expect(newest).toMatchObject({
        by: 'admin-2',
        action: `PUT /admin/queues/api/queues/:queueName/${change}`,
      });
    }
  });

  test('lists them newest first, page by page', async () => {
    const whole = (await audit('?limit=1000')).audit;
    const walked: Entry[] = [];
    for (let cursor: string | null = ''; cursor !== null;) {
      const page: { audit: Entry[]; nextCursor: string | null } = await audit(
        `?limit=4${cursor === '' ? '' : `&cursor=${cursor}`}`,
      );
      walked.push(...page.audit);
      cursor = page.nextCursor;
    }
    expect(walked).toEqual(whole);
    expect(whole.map(({ id }) => id)).toEqual(
      whole
        .map(({ id }) => id)
        .toSorted()
        .toReversed(),
    );
    expect((await send('GET', '/api/growth/audit?cursor=x')).status).toBe(400);
    expect((await api.send('GET', '/api/growth/audit')).status).toBe(401);
  });
});
