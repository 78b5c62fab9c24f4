import { randomBytes } from 'node:crypto';
import { makeClient, type SegmentEngineClient, type UpdateSegment } from '#client';
import { makeDestinations } from '#destinations';
import { makeSecretBox } from '#secrets';
import {
  type FakeReceiver,
  queueBackends,
  reply,
  startFakeMeta,
  startFakeReceiver,
  startFakeResend,
} from '#testkit';
import { type Api, startApi } from './harness';
import { signersOf } from './signers';

const CRITERIA = { person: { hasEmail: true } };

describe.each(queueBackends)('a test of automations on $name', ({ useServices }) => {
  const services = useServices();
  const secretBox = makeSecretBox([randomBytes(32)]);
  let api: Api;
  let client: SegmentEngineClient;
  let receiver: FakeReceiver;
  beforeAll(async () => {
    api = await startApi(services, { secretBox, webhookAllowCidrs: ['127.0.0.0/8'] });
    client = makeClient({ baseUrl: api.url });
  });
  beforeEach(async () => {
    receiver = await startFakeReceiver();
  });
  afterEach(() => receiver.close());

  const create = async (automationConfig: UpdateSegment['automationConfig']) => {
    const { segment } = await client.createSegment({ name: 's', criteria: CRITERIA, automationConfig });
    return segment;
  };

  test('sends a marked and signed sample to every automation, and tells what came back', async () => {
    receiver.respondWith((request, response) =>
      reply(request.path === '/ok' ? 201 : 500, { body: `got ${request.path}` })(request, response),
    );
    const segment = await create({
      webhook: [
        { url: `${receiver.origin}/ok`, headers: { 'X-Team': 'growth' } },
        { url: `${receiver.origin}/broken`, trigger: 'on_exit' },
      ],
      resend: { audienceId: 'a' },
    });
    const { results } = await client.testAutomations(segment.id);
    const [ok, broken] = [segment.automationConfig?.webhook ?? []].flat();
    const [resend] = [segment.automationConfig?.resend ?? []].flat();
    const said = { error: null, durationMs: expect.any(Number), skipped: null };
    expect(results).toEqual(
      expect.arrayContaining([
        {
          automationId: ok?.id,
          destination: 'webhook',
          ok: true,
          status: 201,
          responseBody: 'got /ok',
          ...said,
        },
        {
          automationId: broken?.id,
          destination: 'webhook',
          ok: false,
          status: 500,
          responseBody: 'got /broken',
          ...said,
          error: 'HTTP 500',
        },
        {
          automationId: resend?.id,
          destination: 'resend',
          ok: false,
          status: null,
          error: null,
          durationMs: null,
          responseBody: null,
          skipped: expect.stringContaining('RESEND_API_KEY'),
        },
      ]),
    );
    expect(results).toHaveLength(3);
    const sent = receiver.requests.find(({ path }) => path === '/ok');
    expect(sent?.headers['x-team']).toBe('growth');
    expect(signersOf(sent, [ok?.secret ?? ''])).toEqual([ok?.secret]);
    const body = JSON.parse(sent?.text ?? '');
    expect(body).toMatchObject({
      type: 'segment.test',
      data: { test: true, segment: { id: segment.id, name: 's' } },
    });
    expect(sent?.headers['webhook-id']).toBe(body.id);
    expect(await api.db.delivery.count()).toBe(0);
    expect(await api.db.deliveryAttempt.count()).toBe(0);
  });

  test('of one automation leaves the others alone; an unknown one is 404', async () => {
    const segment = await create({
      webhook: [{ url: `${receiver.origin}/1` }, { url: `${receiver.origin}/2` }],
    });
    const [, second] = [segment.automationConfig?.webhook ?? []].flat();
    expect((await client.testAutomations(segment.id, second?.id)).results).toHaveLength(1);
    expect(receiver.requests.map(({ path }) => path)).toEqual(['/2']);
    await expect(client.testAutomations(segment.id, segment.id)).rejects.toMatchObject({ status: 404 });
    expect((await client.testAutomations((await create({})).id)).results).toEqual([]);
  });

  test('is held to the same addresses as deliveries, and follows no redirect to others', async () => {
    const inner = await startFakeReceiver();
    const strict = await startApi(services, { secretBox });
    const blocked = await create({ webhook: { url: `http://127.0.0.1:${inner.port}/secret` } });
    const { results } = await makeClient({ baseUrl: strict.url }).testAutomations(blocked.id);
    expect(results).toEqual([
      expect.objectContaining({ ok: false, status: null, error: 'EGRESS_BLOCKED', responseBody: null }),
    ]);
    receiver.respondWith(reply(302, { headers: { location: `${inner.origin}/secret` } }));
    const redirecting = await create({ webhook: { url: receiver.origin } });
    const answer = await client.testAutomations(redirecting.id);
    expect(answer.results).toEqual([
      expect.objectContaining({ ok: false, status: 302, error: expect.stringContaining('not followed') }),
    ]);
    expect(inner.requests).toHaveLength(0);
    await inner.close();
  });

  test('looks audiences up and changes nothing', async () => {
    const [resend, meta] = [await startFakeResend(), await startFakeMeta()];
    const destinations = makeDestinations({
      resend: { apiKey: 're_test', baseUrl: resend.origin },
      meta: { accessToken: 'meta_test', baseUrl: meta.origin, apiVersion: 'v26.0' },
      webhookAllowCidrs: [],
      now: Date.now,
    });
    const other = await startApi(services, { secretBox, destinations });
    const segment = await create({
      resend: [
        { audienceId: 'here', sync: true },
        { audienceId: 'gone', sync: true },
      ],
      meta: [
        { customAudienceId: '1', sync: true },
        { customAudienceId: '2', sync: true },
      ],
    });
    resend.forgetSegment('gone');
    meta.forgetAudience('2');
    const { results } = await makeClient({ baseUrl: other.url }).testAutomations(segment.id);
    const said = { durationMs: expect.any(Number), responseBody: null, skipped: null };
    const good = { ok: true, status: 200, error: null, ...said };
    const bad = (status: number, words: string) => ({
      ok: false,
      status,
      error: expect.stringContaining(words),
      ...said,
    });
    expect(results.map(({ automationId: _id, destination: _kind, ...rest }) => rest)).toEqual([
      good,
      bad(404, 'Segment not found'),
      good,
      bad(400, '100/33'),
    ]);
    for (const fake of [resend, meta]) {
      expect(fake.requests.map(({ method }) => method)).toEqual(['GET', 'GET']);
      await fake.close();
    }
  });

  test('with another key tells so and sends nothing', async () => {
    const segment = await create({ webhook: { url: receiver.origin } });
    const other = await startApi(services, {
      secretBox: makeSecretBox([randomBytes(32)]),
      webhookAllowCidrs: ['127.0.0.0/8'],
    });
    const { results } = await makeClient({ baseUrl: other.url }).testAutomations(segment.id);
    expect(results).toEqual([
      expect.objectContaining({ ok: false, error: expect.stringContaining('SECRETS_KEY') }),
    ]);
    expect(receiver.requests).toHaveLength(0);
  });
});
