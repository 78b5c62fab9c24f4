import { randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { insertDeliveries } from '#database';
import { makeLog } from '#runtime';
import { generateSigningSecret, makeSecretBox } from '#secrets';
import { type FakeReceiver, queueBackends, reply, startFakeReceiver } from '#testkit';
import { type Answer, type Api, startApi } from './harness';
import { makePeople } from './people';

jest.setTimeout(60_000);

const CRITERIA = { person: { hasEmail: true } };
/** Values that stand nowhere by chance. */
const value = fc
  .stringMatching(/^[A-Za-z0-9+/ ]{12,40}$/)
  .map((text) => `v-${text}-${randomBytes(6).toString('hex')}`);
const name = fc.stringMatching(/^X-[A-Za-z]{1,12}$/);

type Hidden = { readonly secret: string; readonly values: readonly string[] };

/** A field of a JSON answer, by its path. */
function fieldOf(body: unknown, ...path: string[]): string {
  let found: unknown = body;
  for (const key of path)
    found = typeof found === 'object' && found !== null ? Reflect.get(found, key) : undefined;
  if (typeof found !== 'string') throw new Error(`no ${path.join('.')} in ${JSON.stringify(body)}`);
  return found;
}

describe.each(queueBackends)('secrecy on $name', ({ useServices }) => {
  const services = useServices();
  const lines: string[] = [];
  let api: Api;
  let receiver: FakeReceiver;
  beforeAll(async () => {
    const log = makeLog('api', 'trace', { write: (line: string) => lines.push(line) });
    const secretBox = makeSecretBox([randomBytes(32)]);
    api = await startApi(services, { log, secretBox, webhookAllowCidrs: ['127.0.0.0/8'] });
    receiver = await startFakeReceiver({
      handler: ({ headers }, response) => reply(200, { body: headers })({} as never, response),
    });
  });
  afterAll(() => receiver.close());

  /** Everything that answers, with what it knows of a segment. */
  async function* answersAbout(
    segmentId: string,
    deliveryId: string,
    personId: string,
  ): AsyncGenerator<[string, Answer]> {
    const { body } = await api.send('GET', '/openapi.json');
    const { paths } = body as { paths: Record<string, Record<string, unknown>> };
    for (const [path, methods] of Object.entries(paths)) {
      if (!('get' in methods)) continue;
      const id = path.includes('/deliveries/') ? deliveryId : segmentId;
      const concrete = path
        .replace('{id}', id)
        .replace('{person}', personId)
        .replaceAll(/\{\w+\}/g, id);
      yield [path, await api.send('GET', concrete)];
    }
    yield ['/openapi.json', await api.send('GET', '/openapi.json')];
    yield [
      '/admin/queues',
      await api.send(
        'GET',
        '/admin/queues/api/queues?activeQueue=automation-webhook&status=latest&page=1&jobsPerPage=10',
      ),
    ];
  }

  const expectHidden = (where: string, text: string, { secret, values }: Hidden): void => {
    for (const hidden of [secret, ...values]) {
      if (text.includes(hidden)) throw new Error(`${where} shows a secret: ${text.slice(0, 500)}`);
    }
  };

  test('no answer, page or log line shows a secret or a header value, after the one that made it', async () => {
    const [personId = ''] = await makePeople(api.db, ['secrecy']);
    const hooks = fc.record({
      headers: fc.dictionary(name, value, { minKeys: 1, maxKeys: 4, noNullPrototype: true }),
      own: fc.boolean(),
      many: fc.boolean(),
    });
    await fc.assert(
      fc.asyncProperty(hooks, async ({ headers, own, many }) => {
        const given = generateSigningSecret();
        const webhook = { url: receiver.origin, headers, ...(own ? { secret: given } : {}) };
        const automationConfig = { webhook: many ? [webhook] : webhook };
        const created = await api.send('POST', '/api/growth/segments', {
          body: { name: 's', criteria: CRITERIA, automationConfig },
        });
        const id = fieldOf(created.body, 'segment', 'id');
        const path = ['segment', 'automationConfig', 'webhook', ...(many ? ['0'] : [])];
        const automationId = fieldOf(created.body, ...path, 'id');
        const secret = own ? given : fieldOf(created.body, ...path, 'secret');
        const hidden = { secret, values: Object.values(headers) };
        expectHidden(
          'the creation',
          created.text,
          own ? hidden : { ...hidden, secret: hidden.values[0] ?? '' },
        );
        const delivery = {
          id: automationId,
          segmentId: id,
          personId,
          membershipId: 1n,
          automationId,
          destination: 'webhook',
          type: 'segment.entered',
          action: 'send',
          endpoint: receiver.origin,
          stateKey: null,
          createdAt: Date.now(),
        } as const;
        await insertDeliveries(api.db, [delivery]);

        const base = `/api/growth/segments/${id}`;
        const later: [string, Answer][] = [
          ['an edit', await api.send('PATCH', base, { body: { automationConfig } })],
          [
            'a wrong edit',
            await api.send('PATCH', base, {
              body: { automationConfig: { webhook: { ...webhook, method: 'GET', secrets: secret } } },
            }),
          ],
          ['a test', await api.send('POST', `${base}/automations/test`)],
        ];
        for await (const one of answersAbout(id, automationId, personId)) later.push(one);
        for (const [what, { text }] of later) expectHidden(what, text, hidden);
        const rotated = await api.send('POST', `${base}/automations/${automationId}/rotate-secret`);
        expectHidden('the rotation', rotated.text, hidden);
        const both = [hidden, { secret: fieldOf(rotated.body, 'secret'), values: [] }];
        for await (const [what, { text }] of answersAbout(id, automationId, personId))
          for (const one of both) expectHidden(what, text, one);
        for (const one of both) expectHidden('the log', lines.join(''), one);
        const row = await api.db.segment.findUniqueOrThrow({ where: { id } });
        for (const one of both) expectHidden('the row', JSON.stringify(row), one);
      }),
      { numRuns: 8 },
    );
  });
});
