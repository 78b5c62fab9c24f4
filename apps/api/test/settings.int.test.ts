import { makeClient } from '#client';
import { DEFAULT_FEATURE_RULES } from '#events';
import { queueBackends } from '#testkit';
import { type Api, startApi } from './harness';

const PATH = '/api/growth/settings/features';

describe.each(queueBackends)('the settings of features on $name', ({ useServices }) => {
  const services = useServices();
  let api: Api;
  beforeAll(async () => {
    api = await startApi(services);
  });

  test('are the defaults at first', async () => {
    const { status, body } = await api.send('GET', PATH);
    expect(status).toBe(200);
    expect(body).toEqual({ features: DEFAULT_FEATURE_RULES });
  });

  test('a change replaces what it names, raises the revision, and asks for everybody to be counted', async () => {
    const revision = async () => (await api.db.definitionRevision.findFirstOrThrow()).revision;
    const before = await revision();
    const client = makeClient({ baseUrl: api.url });
    const coreActions = ['order_placed', 'Bestellung_übermittelt'];
    const { features, evaluation } = await client.putFeatureSettings({
      coreActions,
      emailOpens: [],
      activeDays: { exclude: ['heartbeat'] },
    });
    const expected = {
      ...DEFAULT_FEATURE_RULES,
      coreActions,
      emailOpens: [],
      activeDays: { exclude: ['heartbeat'], excludePrefixes: ['email_', 'subscription_'] },
    };
    expect(features).toEqual(expected);
    expect((await client.getFeatureSettings()).features).toEqual(expected);
    expect(await revision()).toBe(before + 1n);
    expect(evaluation?.status).toBe('queued');
    const id = evaluation?.id ?? '';
    expect((await client.getEvaluation(id)).evaluation).toMatchObject({
      status: 'queued',
      progress: 0,
    });
    const run = await api.db.evaluation.findUniqueOrThrow({ where: { id } });
    expect(run).toMatchObject({ kind: 'settings', automations: 'suppress', segmentId: null });
    expect((await api.producer.countsOf('backfill')).waiting).toBe(1);

    const versions = await api.db.featureRules.count();
    for (const same of [{ coreActions }, {}]) {
      expect(await client.putFeatureSettings(same)).toEqual({ features: expected });
    }
    expect(await api.db.featureRules.count()).toBe(versions);
    expect(await api.db.evaluation.count({ where: { kind: 'settings' } })).toBe(1);
    expect((await client.listAudit()).audit).toHaveLength(1);

    await api.db.evaluation.update({ where: { id }, data: { status: 'failed' } });
    const again = await client.putFeatureSettings({});
    expect(again.features).toEqual(expected);
    expect(again.evaluation?.id).not.toBe(id);
    expect(await api.db.featureRules.count()).toBe(versions);
  });

  test.each([
    ['nothing', {}, [['features', 'must be an object']]],
    [
      'a repeated name',
      { features: { coreActions: ['a', 'b', 'a'] } },
      [['features.coreActions[2]', 'stands in the list already']],
    ],
    [
      'an unknown feature among wrong lists',
      { features: { coreAction: [], pricingViews: 'x', emailOpens: ['', 'x'.repeat(201), 7] } },
      [
        ['features.pricingViews', 'must be a list of event names'],
        ['features.emailOpens[0]', 'must not be empty'],
        ['features.emailOpens[1]', 'must have at most 200 characters'],
        ['features.emailOpens[2]', 'must be a string'],
        [
          'features.coreAction',
          'unknown key; known here: activeDays, coreActions, pricingViews, emailOpens, emailClicks',
        ],
      ],
    ],
    [
      'an unknown key of active days, and one beside the features',
      { features: { activeDays: { excluded: [], exclude: ['a\0'] } }, coreActions: [] },
      [
        ['features.activeDays.exclude[0]', 'must not contain control characters or an unpaired surrogate'],
        ['features.activeDays.excluded', 'unknown key; known here: exclude, excludePrefixes'],
        ['coreActions', 'unknown key; known here: features'],
      ],
    ],
    [
      'a long list',
      { features: { emailClicks: Array.from({ length: 101 }, (_none, index) => `e${index}`) } },
      [['features.emailClicks', 'must have at most 100 names']],
    ],
    ['a list', [], [['', 'must be an object']]],
  ])('%s is refused with every fault, and changes nothing', async (_what, body, faults) => {
    const before = await api.send('GET', PATH);
    const answer = await api.send('PUT', PATH, { body });
    expect(answer.status).toBe(400);
    expect(answer.headers['content-type']).toContain('application/problem+json');
    const { errors } = answer.body as { errors: { path: string; message: string }[] };
    expect(errors.map(({ path, message }) => [path, message])).toEqual(faults);
    expect((await api.send('GET', PATH)).body).toEqual(before.body);
  });

  test('need an admin key where one is set', async () => {
    const guarded = await startApi(services, { adminKeys: ['secret-key'], writeKeys: ['write-key'] });
    for (const method of ['GET', 'PUT']) {
      const sending = method === 'PUT' ? { body: { features: {} } } : {};
      expect((await guarded.send(method, PATH, sending)).status).toBe(401);
    }
    const headers = { authorization: 'Bearer secret-key' };
    expect((await guarded.send('GET', PATH, { headers })).status).toBe(200);
  });
});
