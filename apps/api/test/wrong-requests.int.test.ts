import { problemSchema } from '#api-schemas';
import { queueBackends } from '#testkit';
import { type Api, queuedEvents, startApi } from './harness';
import { EVENTS, SEGMENTS } from './wrong-request';
import { WRONG_AUTOMATIONS } from './wrong-automations';
import { WRONG_EVENTS } from './wrong-events';
import { WRONG_OTHERS } from './wrong-others';
import { WRONG_REPORTS } from './wrong-reports';
import { WRONG_SEGMENTS } from './wrong-segments';
import { WRONG_VALUES } from './wrong-values';

const WRONG_REQUESTS = {
  events: WRONG_EVENTS,
  values: WRONG_VALUES,
  segments: WRONG_SEGMENTS,
  others: WRONG_OTHERS,
  reports: WRONG_REPORTS,
  automations: WRONG_AUTOMATIONS,
};

describe.each(queueBackends)('wrong requests on $name', ({ useServices }) => {
  const services = useServices();
  let api: Api;
  beforeAll(async () => {
    api = await startApi(services);
  });

  describe.each(Object.entries(WRONG_REQUESTS))('%s', (_group, requests) => {
    test.each(requests)('%s', async (_what, method, path, sending, status, paths) => {
      const answer = await api.send(method, path, sending);
      expect(answer.status).toBe(status);
      expect(answer.headers['content-type']).toBe('application/problem+json; charset=utf-8');
      expect(answer.body).toMatchObject({ type: 'about:blank', status, title: expect.any(String) });
      const told = problemSchema.parse(answer.body).errors?.map((fault) => fault.path) ?? [];
      if (paths !== null) expect(told.sort()).toEqual([...paths].sort());
      if (status === 405) expect(answer.headers.allow).toMatch(/^[A-Z]+(, [A-Z]+)*$/);
    });
  });

  test('of very many faults the first 100 are listed, and the number of the others', async () => {
    const events = Array.from({ length: 500 }, () => ({ event: '', userId: 'u' }));
    const answer = await api.send('POST', EVENTS, { body: { events } });
    const { errors = [] } = problemSchema.parse(answer.body);
    expect(errors).toHaveLength(101);
    expect(errors[99]).toEqual({ path: 'events[99].event', message: 'must not be empty' });
    expect(errors[100]).toEqual({ path: '', message: 'and 400 more' });
    const hundred = await api.send('POST', EVENTS, { body: { events: events.slice(0, 100) } });
    expect(problemSchema.parse(hundred.body).errors).toHaveLength(100);
  });

  test('a flood of wrong keys is refused at once, and shortly', async () => {
    const flood = Object.fromEntries(Array.from({ length: 80_000 }, (_none, index) => [`k${index}`, 1]));
    const bodies = [
      flood,
      { name: 's', criteria: flood },
      { name: 's', automationConfig: { webhook: { headers: flood } } },
    ];
    for (const body of bodies) {
      const startedAt = performance.now();
      const answer = await api.send('POST', SEGMENTS, { body });
      expect(answer.status).toBe(400);
      expect(answer.text.length).toBeLessThan(20_000);
      expect(performance.now() - startedAt).toBeLessThan(2_000);
    }
  });

  test('afterwards nothing was accepted, nothing is stored, and the server still answers', async () => {
    expect(await queuedEvents(api)).toEqual([]);
    for (const { waiting, active } of await api.producer.counts()) expect(waiting + active).toBe(0);
    expect((await api.send('GET', '/api/growth/segments?status=active,paused,archived')).body).toEqual({
      segments: [],
      nextCursor: null,
    });
    expect(await api.db.evaluation.count()).toBe(0);
    expect(await api.db.person.count()).toBe(0);
    const answer = await api.send('POST', '/api/growth/events', { body: { event: 'e', userId: 'u' } });
    expect(answer.status).toBe(202);
    expect((await api.send('GET', '/readyz')).status).toBe(200);
  });
});
