import { makeClient, type SegmentEngineClient } from '#client';
import { queueBackends } from '#testkit';
import { type Api, startApi } from './harness';

const CRITERIA = { features: { coreActions: { min: 1 } } };
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}$/;

describe.each(queueBackends)('segments on $name', ({ useServices }) => {
  const services = useServices();
  let api: Api;
  let client: SegmentEngineClient;
  beforeAll(async () => {
    api = await startApi(services, { webhookAllowCidrs: ['127.0.0.0/8'] });
    client = makeClient({ baseUrl: api.url });
  });
  const revision = async (): Promise<bigint | undefined> =>
    (await api.db.definitionRevision.findFirst())?.revision;
  const evaluationRow = (id = ''): Promise<object | null> => api.db.evaluation.findUnique({ where: { id } });

  test('creates one, with an evaluation in the database and in the queue', async () => {
    const before = await revision();
    const answer = await api.send('POST', '/api/growth/segments', {
      body: { name: 'Active', criteria: CRITERIA },
    });
    expect(answer.status).toBe(201);
    expect(answer.body).toEqual({
      segment: {
        id: expect.stringMatching(UUID),
        name: 'Active',
        description: null,
        criteria: CRITERIA,
        automationConfig: null,
        status: 'active',
        version: 1,
        createdAt: expect.stringMatching(/^\d{4}-.*Z$/),
        updatedAt: expect.stringMatching(/^\d{4}-.*Z$/),
      },
      evaluation: { id: expect.stringMatching(UUID), status: 'queued' },
    });
    const { segment, evaluation } = answer.body as Awaited<ReturnType<typeof client.createSegment>>;
    expect(await evaluationRow(evaluation?.id)).toMatchObject({
      kind: 'edit',
      segmentId: segment.id,
      automations: 'fire',
      status: 'queued',
    });
    const job = await api.producer.queueOf('backfill').getJob(evaluation?.id ?? '');
    expect(job?.data).toEqual({ evaluationId: evaluation?.id });
    expect(await revision()).toBe((before ?? 0n) + 1n);
    expect((await client.getSegment(segment.id)).segment).toEqual(segment);
    const { evaluation: told } = await client.getEvaluation(evaluation?.id ?? '');
    expect(told).toEqual({ ...evaluation, progress: 0, evaluated: 0, entered: 0, exited: 0 });
  });

  test('leaves out the automations of a creation, a change and a batch where it is told to', async () => {
    for (const automations of ['fire', 'suppress'] as const) {
      const { segment, evaluation } = await client.createSegment({
        name: 's',
        criteria: CRITERIA,
        automations,
      });
      const changed = await client.updateSegment(segment.id, {
        criteria: { person: { hasEmail: true } },
        automations,
      });
      const batch = await client.evaluateAll({ segmentId: segment.id, automations });
      for (const run of [evaluation, changed.evaluation, batch.evaluation]) {
        expect(await evaluationRow(run?.id)).toMatchObject({ segmentId: segment.id, automations });
      }
    }
  });

  test('evaluates again only when that could change who is in', async () => {
    const { segment } = await client.createSegment({ name: 's', description: 'd', criteria: CRITERIA });
    const { id } = segment;
    const named = await client.updateSegment(id, { name: 't', description: null, criteria: { ...CRITERIA } });
    expect(named).toEqual({
      segment: { ...segment, name: 't', description: null, updatedAt: named.segment.updatedAt },
    });
    const criteria = { all: [CRITERIA, { person: { hasEmail: true } }] };
    const changed = await client.updateSegment(id, { criteria, automations: 'suppress' });
    expect(changed.segment).toMatchObject({ version: 2, criteria });
    expect(await evaluationRow(changed.evaluation?.id)).toMatchObject({
      kind: 'edit',
      automations: 'suppress',
    });

    const paused = await client.updateSegment(id, { status: 'paused' });
    expect(paused).toMatchObject({ segment: { status: 'paused', version: 2 } });
    expect(paused.evaluation).toBeUndefined();
    const whilePaused = await client.updateSegment(id, { criteria: CRITERIA });
    expect(whilePaused.segment.version).toBe(3);
    expect(whilePaused.evaluation).toBeUndefined();
    const resumed = await client.updateSegment(id, { status: 'active' });
    expect(await evaluationRow(resumed.evaluation?.id)).toMatchObject({ kind: 'edit', segmentId: id });
    expect((await client.updateSegment(id, {})).evaluation).toBeUndefined();
  });

  test('compares criteria by what they say, not by the order of their keys', async () => {
    const { segment } = await client.createSegment({
      name: 's',
      criteria: {
        features: { activeDays: { min: 1, max: 9 }, coreActions: { min: 1 } },
        person: { hasEmail: true },
      },
    });
    const { segment: same } = await client.updateSegment(segment.id, {
      criteria: {
        person: { hasEmail: true },
        features: { coreActions: { min: 1 }, activeDays: { max: 9, min: 1 } },
      },
    });
    expect(same.version).toBe(1);
    expect(same.updatedAt).toBe(segment.updatedAt);
  });

  test('two edits at once both count', async () => {
    const { segment } = await client.createSegment({ name: 's', criteria: CRITERIA });
    await Promise.all(
      [2, 3, 4, 5, 6].map((min) =>
        client.updateSegment(segment.id, { criteria: { features: { coreActions: { min } } } }),
      ),
    );
    expect((await client.getSegment(segment.id)).segment.version).toBe(6);
  });

  test('shows a generated secret once, masks it and headers ever after, and keeps what a mask stands for', async () => {
    const url = 'http://127.0.0.1:9/hook';
    const created = await client.createSegment({
      name: 's',
      criteria: CRITERIA,
      automationConfig: {
        webhook: { url, method: 'POST', headers: { 'X-Token': 'hush' } },
        resend: { audienceId: 'a', trigger: 'on_enter' },
      },
    });
    const { segment } = created;
    expect(segment.automationConfig?.webhook).toEqual({
      id: expect.stringMatching(UUID),
      url,
      method: 'POST',
      headers: { 'X-Token': '***' },
      secret: expect.stringMatching(/^whsec_/),
    });
    const shown = (await client.getSegment(segment.id)).segment.automationConfig;
    expect(shown?.webhook).toMatchObject({ headers: { 'X-Token': '***' }, secret: '***' });
    const stored = async (): Promise<unknown> =>
      (await api.db.segment.findUnique({ where: { id: segment.id } }))?.automationConfig;
    const before = await stored();
    expect(before).toMatchObject({ webhook: { headers: { 'X-Token': 'hush' } } });
    const back = await client.updateSegment(segment.id, { automationConfig: shown });
    expect(back.segment.automationConfig).toEqual(shown);
    expect(await stored()).toEqual(before);

    const { segment: rotated } = await client.updateSegment(segment.id, {
      automationConfig: { webhook: { url, secret: 'whsec_' + Buffer.alloc(32, 7).toString('base64') } },
    });
    expect(rotated.automationConfig).toEqual({ webhook: { id: expect.any(String), url, secret: '***' } });
    const { segment: cleared } = await client.updateSegment(segment.id, { automationConfig: null });
    expect(cleared.automationConfig).toBeNull();
    const list = await client.listSegments({ limit: 1000 });
    expect(JSON.stringify(list)).not.toMatch(/hush|whsec_/);
  });

  test('archives: no edits, history by id, members are let go without automations, and again is the same', async () => {
    const { segment } = await client.createSegment({ name: 'gone', criteria: CRITERIA });
    const path = `/api/growth/segments/${segment.id}`;
    const answer = await api.send('DELETE', path);
    expect([answer.status, answer.text]).toEqual([204, '']);
    expect((await client.getSegment(segment.id)).segment).toMatchObject({ status: 'archived', version: 1 });
    const runs = await api.db.evaluation.findMany({ where: { segmentId: segment.id, kind: 'archive' } });
    expect(runs).toEqual([expect.objectContaining({ automations: 'suppress', status: 'queued' })]);
    expect(await api.producer.queueOf('backfill').getJob(runs[0]?.id ?? '')).toBeDefined();

    expect((await api.send('DELETE', path)).status).toBe(204);
    expect(await api.db.evaluation.count({ where: { segmentId: segment.id, kind: 'archive' } })).toBe(1);
    await expect(client.updateSegment(segment.id, { name: 'back' })).rejects.toMatchObject({ status: 409 });
    await expect(client.evaluateAll({ segmentId: segment.id })).rejects.toMatchObject({ status: 409 });
    const listed = async (status?: string): Promise<string[]> =>
      (await client.listSegments(status === undefined ? {} : { status })).segments.map(({ id }) => id);
    expect(await listed()).not.toContain(segment.id);
    expect(await listed('active,paused')).not.toContain(segment.id);
    expect(await listed('archived')).toContain(segment.id);
  });

  test('a change of the status to archived is an archiving, too', async () => {
    const { segment } = await client.createSegment({ name: 's', criteria: CRITERIA });
    const { segment: after, evaluation } = await client.updateSegment(segment.id, { status: 'archived' });
    expect(after.status).toBe('archived');
    expect(await evaluationRow(evaluation?.id)).toMatchObject({ kind: 'archive', automations: 'suppress' });
  });

  test('a refused edit leaves everything as it was', async () => {
    const { segment } = await client.createSegment({ name: 's', criteria: CRITERIA });
    const before = [await revision(), await api.db.evaluation.count()];
    const refused = client.updateSegment(segment.id, {
      criteria: { person: { hasEmail: true } },
      automationConfig: { webhook: { url: 'http://127.0.0.1/', secret: '***' } },
    });
    await expect(refused).rejects.toMatchObject({
      status: 400,
      errors: [{ path: 'automationConfig.webhook.secret', message: expect.any(String) }],
    });
    expect([await revision(), await api.db.evaluation.count()]).toEqual(before);
    expect((await client.getSegment(segment.id)).segment).toEqual(segment);
  });

  test('whoever stays in the list during a walk appears exactly once', async () => {
    const create = async (): Promise<string> =>
      (await client.createSegment({ name: 'walk', criteria: CRITERIA })).segment.id;
    const made: string[] = [];
    for (let index = 0; index < 7; index += 1) made.push(await create());
    const seen: string[] = [];
    let cursor: string | null | undefined;
    while (cursor !== null) {
      const page = await client.listSegments({ limit: 3, ...(cursor === undefined ? {} : { cursor }) });
      expect(page.segments.length).toBeLessThanOrEqual(3);
      seen.push(...page.segments.map(({ id }) => id));
      cursor = page.nextCursor;
      await create();
    }
    expect(new Set(seen).size).toBe(seen.length);
    expect(seen).toEqual(expect.arrayContaining(made));
    expect(seen.slice(0, 7)).toEqual([...made].reverse());
  });
});
