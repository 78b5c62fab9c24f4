import { randomBytes } from 'node:crypto';
import { makeClient, ProblemError, type SegmentEngineClient, type UpdateSegment } from '#client';
import { makeLog } from '#runtime';
import { makeSecretBox } from '#secrets';
import { type FakeSlack, queueBackends, startFakeSlack } from '#testkit';
import { type Api, startApi } from './harness';

const CRITERIA = { person: { hasEmail: true } };

describe.each(queueBackends)('Slack automations on $name', ({ useServices }) => {
  const services = useServices();
  const secretBox = makeSecretBox([randomBytes(32)]);
  const lines: string[] = [];
  let api: Api;
  let client: SegmentEngineClient;
  let slack: FakeSlack;
  beforeAll(async () => {
    const log = makeLog('api', 'trace', { write: (line: string) => lines.push(line) });
    api = await startApi(services, { log, secretBox, webhookAllowCidrs: ['127.0.0.0/8'] });
    client = makeClient({ baseUrl: api.url });
    slack = await startFakeSlack();
  });
  afterAll(() => slack.close());

  const create = async (automation: NonNullable<NonNullable<UpdateSegment['automationConfig']>['slack']>) => {
    const automationConfig = { slack: automation };
    const { segment } = await client.createSegment({ name: 'A & B', criteria: CRITERIA, automationConfig });
    return segment;
  };
  const faultsOf = async (slackPart: object): Promise<string[]> => {
    const body = { name: 's', criteria: CRITERIA, automationConfig: { slack: slackPart } };
    const answer = await api.send('POST', '/api/growth/segments', { body });
    expect(answer.status).toBe(400);
    const { errors } = answer.body as { errors: { path: string }[] };
    return errors.map(({ path }) => path);
  };

  test('the URL is shown masked, and what was shown can be sent back', async () => {
    const webhookUrl = slack.hookOf('growth');
    const segment = await create({ webhookUrl, text: '{{event}}', trigger: 'on_enter' });
    const shown = { id: expect.any(String), webhookUrl: '***', text: '{{event}}', trigger: 'on_enter' };
    expect(segment.automationConfig).toEqual({ slack: shown });
    const row = await api.db.segment.findUniqueOrThrow({ where: { id: segment.id } });
    const again = await client.updateSegment(segment.id, { automationConfig: segment.automationConfig });
    expect(again.segment).toEqual(segment);
    expect(await api.db.segment.findUniqueOrThrow({ where: { id: segment.id } })).toEqual(row);
    expect((await client.testAutomations(segment.id)).results).toMatchObject([{ ok: true }]);
  });

  test('a list keeps the URL of each', async () => {
    const segment = await create([
      { webhookUrl: slack.hookOf('one') },
      { webhookUrl: slack.hookOf('two'), trigger: 'on_exit' },
    ]);
    const [one, two] = [segment.automationConfig?.slack ?? []].flat();
    if (one === undefined || two === undefined) throw new Error('two automations were made');
    // Turned round, and the second with another text.
    const automationConfig = { slack: [{ ...two, text: 'bye' }, one] };
    await client.updateSegment(segment.id, { automationConfig });
    await client.testAutomations(segment.id, two.id);
    expect(slack.messagesIn('two')).toEqual(['[Test] bye']);
    await client.testAutomations(segment.id, one.id);
    expect(slack.messagesIn('one')).toEqual(['[Test] test@example.com entered A &amp; B']);
  });

  test('a test tells Slack’s own word for what is wrong', async () => {
    slack.refuse('gone', { status: 404, text: 'no_service' });
    const segment = await create({ webhookUrl: slack.hookOf('gone') });
    const { results } = await client.testAutomations(segment.id);
    expect(results).toMatchObject([
      { destination: 'slack', ok: false, status: 404, error: 'HTTP 404 no_service', responseBody: null },
    ]);
  });

  test('no answer, row, metric, queue or log line shows the URL', async () => {
    const hidden = `hidden-${randomBytes(12).toString('hex')}`;
    slack.refuse(hidden, { status: 403, text: `no ${slack.hookOf(hidden)}` });
    const { id } = await create({ webhookUrl: slack.hookOf(hidden) });
    const base = `/api/growth/segments/${id}`;
    const automationConfig = { slack: { webhookUrl: slack.hookOf(hidden), colour: 'red' } };
    const answers = [
      await api.send('GET', base),
      await api.send('GET', '/api/growth/segments'),
      await api.send('PATCH', base, { body: { automationConfig } }),
      await api.send('PATCH', base, { body: { name: 'other' } }),
      await api.send('POST', `${base}/automations/test`),
      await api.send('GET', '/api/growth/deliveries'),
      await api.send('GET', '/api/growth/destinations'),
      await api.send('GET', '/metrics'),
      await api.send(
        'GET',
        '/admin/queues/api/queues?activeQueue=automation-slack&status=latest&page=1&jobsPerPage=10',
      ),
    ];
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 400, 200, 200, 200, 200, 200, 200]);
    const row = await api.db.segment.findUniqueOrThrow({ where: { id } });
    const texts = [...answers.map(({ text }) => text), lines.join(''), JSON.stringify(row)];
    for (const text of texts) expect(text).not.toContain(hidden);
  });

  test('what is wrong is refused with its path', async () => {
    const webhookUrl = slack.hookOf('growth');
    expect(await faultsOf({ webhookUrl, text: '{{person.name}}' })).toEqual(['automationConfig.slack.text']);
    expect(await faultsOf([{ webhookUrl }, { webhookUrl, text: '' }])).toEqual([
      'automationConfig.slack[1].text',
    ]);
    expect(await faultsOf({ webhookUrl: 'http://hooks.slack.com/services/a' })).toEqual([
      'automationConfig.slack.webhookUrl',
    ]);
    expect(await faultsOf({ webhookUrl: 'https://10.0.0.1/' })).toEqual([
      'automationConfig.slack.webhookUrl',
    ]);
    expect(await faultsOf({ webhookUrl: '***' })).toEqual(['automationConfig.slack.webhookUrl']);
    expect(await faultsOf({})).toEqual(['automationConfig.slack.webhookUrl']);
  });

  test('it signs nothing: there is no secret to rotate', async () => {
    const segment = await create({ webhookUrl: slack.hookOf('growth') });
    const [automation] = [segment.automationConfig?.slack ?? []].flat();
    const rotated = client.rotateSecret(segment.id, automation?.id ?? '');
    await expect(rotated).rejects.toThrow(ProblemError);
    await expect(rotated).rejects.toMatchObject({ status: 404 });
  });
});
