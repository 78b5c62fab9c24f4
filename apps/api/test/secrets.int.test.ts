import { randomBytes } from 'node:crypto';
import { makeClient, type SegmentEngineClient, type UpdateSegment } from '#client';
import { generateSigningSecret, makeSecretBox } from '#secrets';
import { type FakeReceiver, queueBackends, startFakeReceiver } from '#testkit';
import { type Api, startApi } from './harness';
import { signersOf } from './signers';

const CRITERIA = { person: { hasEmail: true } };
const HOUR_MS = 3_600_000;

describe.each(queueBackends)('secrets of webhooks on $name', ({ useServices }) => {
  const services = useServices();
  const secretBox = makeSecretBox([randomBytes(32)]);
  let nowMs = Date.UTC(2026, 10, 22);
  let api: Api;
  let client: SegmentEngineClient;
  let receiver: FakeReceiver;
  beforeAll(async () => {
    const settings = { secretBox, webhookAllowCidrs: ['127.0.0.0/8'], clock: () => nowMs };
    api = await startApi(services, settings);
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
  type Shown = { id?: string | undefined; secret?: string | undefined };
  const webhookOf = ({
    automationConfig,
  }: {
    automationConfig: { webhook?: Shown | Shown[] | undefined } | null;
  }) => {
    const [first] = [automationConfig?.webhook ?? []].flat();
    if (first?.id === undefined) throw new Error('no webhook');
    return { id: first.id, secret: first.secret };
  };
  const stored = async (id: string) =>
    JSON.stringify((await api.db.segment.findUniqueOrThrow({ where: { id } })).automationConfig);

  describe('what is stored', () => {
    const url = 'https://example.com/hook';
    const secret = generateSigningSecret();
    const headers = { Authorization: 'Bearer of bad news' };

    test('holds no secret and no header value in clear, and stays the same text when they are sent again', async () => {
      const { id } = await create({ webhook: { url, secret, headers } });
      const text = await stored(id);
      expect(text).not.toContain(secret);
      expect(text).not.toContain('bad news');
      for (const automationConfig of [
        { webhook: { url, secret, headers } },
        { webhook: { url, headers: { authorization: '***' } } },
      ]) {
        await client.updateSegment(id, { automationConfig });
        expect((await stored(id)).toLowerCase()).toBe(text.toLowerCase());
      }
    });

    test('in clear by an earlier version is read, and sealed when the segment is next saved', async () => {
      const { id } = await create({ webhook: { url, secret, headers } });
      const clear = { webhook: { id: '019ab7c4-0000-7000-8000-000000000001', url, secret, headers } };
      await api.db.segment.update({ where: { id }, data: { automationConfig: clear } });
      const { segment } = await client.getSegment(id);
      expect(segment.automationConfig).toEqual({
        webhook: { ...clear.webhook, secret: '***', headers: { Authorization: '***' } },
      });
      await client.updateSegment(id, { name: 'renamed' });
      const text = await stored(id);
      expect(text).not.toContain(secret);
      expect(text).not.toContain('bad news');
      const { webhook } = JSON.parse(text);
      expect(secretBox.open(webhook.secret, { automationId: webhook.id, use: 'secret' })).toBe(secret);
    });
  });

  describe('rotation', () => {
    test('shows the new secret once; for a day both sign, the new one first, then the new one alone', async () => {
      const segment = await create({ webhook: { url: receiver.origin } });
      const { id, secret: old = '' } = webhookOf(segment);
      const startMs = nowMs;
      const rotated = await client.rotateSecret(segment.id, id);
      expect(rotated).toEqual({
        automationId: id,
        secret: expect.stringMatching(/^whsec_/),
        previousSecretUntil: new Date(startMs + 24 * HOUR_MS).toISOString(),
      });
      expect(rotated.secret).not.toBe(old);
      const text = await stored(segment.id);
      expect([text.includes(old), text.includes(rotated.secret)]).toEqual([false, false]);
      const { segment: shown } = await client.getSegment(segment.id);
      expect(shown.automationConfig).toEqual({ webhook: { id, url: receiver.origin, secret: '***' } });
      // A config that is sent back as it was shown does not end the rotation.
      await client.updateSegment(segment.id, { automationConfig: shown.automationConfig });

      nowMs = startMs + 24 * HOUR_MS - 1;
      await client.testAutomations(segment.id);
      nowMs = startMs + 24 * HOUR_MS;
      await client.testAutomations(segment.id);
      const signatures = receiver.requests.map((request) => signersOf(request, [rotated.secret, old]));
      expect(signatures).toEqual([[rotated.secret, old], [rotated.secret]]);
    });

    test('takes a secret of yours; a PATCH replaces it at once', async () => {
      const segment = await create({ webhook: { url: receiver.origin } });
      const { id, secret: old = '' } = webhookOf(segment);
      const [mine, next] = [generateSigningSecret(), generateSigningSecret()];
      expect((await client.rotateSecret(segment.id, id, mine)).secret).toBe(mine);
      await client.testAutomations(segment.id);
      await client.updateSegment(segment.id, {
        automationConfig: { webhook: { id, url: receiver.origin, secret: next } },
      });
      await client.testAutomations(segment.id);
      const signatures = receiver.requests.map((request) => signersOf(request, [next, mine, old]));
      expect(signatures).toEqual([[mine, old], [next]]);
    });

    test('needs no body, keeps every earlier promise, and is refused while four secrets are on their way out', async () => {
      const segment = await create({ webhook: [{ url: receiver.origin }, { url: 'https://example.com' }] });
      const { id } = webhookOf(segment);
      const path = `/api/growth/segments/${segment.id}/automations/${id}/rotate-secret`;
      const statuses: number[] = [];
      for (let count = 0; count < 5; count += 1) statuses.push((await api.send('POST', path)).status);
      expect(statuses).toEqual([200, 200, 200, 200, 409]);
      await client.testAutomations(segment.id, id);
      expect(String(receiver.requests[0]?.headers['webhook-signature']).split(' ')).toHaveLength(5);
      nowMs += 24 * HOUR_MS;
      expect((await api.send('POST', path)).status).toBe(200);
    });

    test('is refused for what is no webhook of the segment, and for an archived one', async () => {
      const segment = await create({ webhook: { url: receiver.origin }, resend: { audienceId: 'a' } });
      const other = webhookOf(await create({ webhook: { url: receiver.origin } }));
      const [resend] = [segment.automationConfig?.resend ?? []].flat();
      await expect(client.rotateSecret(segment.id, other.id)).rejects.toMatchObject({ status: 404 });
      await expect(client.rotateSecret(segment.id, resend?.id ?? '')).rejects.toMatchObject({ status: 404 });
      const before = await stored(segment.id);
      await client.deleteSegment(segment.id);
      await expect(client.rotateSecret(segment.id, webhookOf(segment).id)).rejects.toMatchObject({
        status: 409,
      });
      expect(await stored(segment.id)).toBe(before);
    });
  });
});
