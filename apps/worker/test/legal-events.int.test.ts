import { randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { queueBackends } from '#testkit';
import { type Api, startApi } from '../../api/test/harness';
import {
  createSegment,
  evaluated,
  failedJobs,
  idle,
  segmentsOf,
  startWorker,
  type TestWorker,
} from './harness';

// All that the API takes must be stored, or set aside with a reason; and nobody else's events may suffer for it.

jest.setTimeout(60_000);

const LIMIT_MS = 12_000;

/** Any text: control characters, all planes, halves of pairs, what SQL, JSON and JavaScript have a meaning for. */
const word = fc.constantFrom(
  '__proto__',
  'constructor',
  "'; --",
  '\\',
  '"',
  '{}',
  '%_',
  '\n',
  '\0',
  '\ud800',
  'NaN',
  '🦄',
  'İ',
);
const anyText = (maxLength: number) =>
  fc.oneof(
    fc.string({ unit: 'binary', maxLength }),
    fc.string({ unit: 'grapheme', maxLength: Math.ceil(maxLength / 8) }),
    fc.array(word, { maxLength: 6 }).map((words) => words.join('').slice(0, maxLength)),
    // At the bound: what takes the most bytes, and what can't be compressed.
    fc.constantFrom('\u{10FFFF}'.repeat(maxLength / 2), '￿'.repeat(maxLength)),
    fc.constant(null).map(() => randomBytes(maxLength).toString('base64').slice(0, maxLength)),
  );
/** Of names and ids: what is refused in them, or means nobody, is left out nearly always. */
const nameOf = (maxLength: number) =>
  fc.oneof(
    {
      weight: 40,
      arbitrary: anyText(maxLength).map((text) => text.toWellFormed().replaceAll(/\p{Cc}/gu, 'x') || 'x'),
    },
    { weight: 1, arbitrary: anyText(maxLength) },
  );
const name = nameOf(200);
const number = fc.oneof(
  fc.double({ noNaN: true, noDefaultInfinity: true }),
  fc.constantFrom(
    0,
    -0,
    5e-324,
    1.7976931348623157e308,
    -1.7976931348623157e308,
    2 ** 53 - 1,
    -(2 ** 53) + 1,
    1e21,
    0.1,
  ),
);
const leaf = fc.oneof(
  anyText(300),
  number,
  fc.boolean(),
  fc.constant(null),
  fc.constantFrom('2026-01-01T00:00:00Z', '9999-12-31', ''),
);
const deep = fc
  .tuple(fc.integer({ min: 1, max: 18 }), leaf, fc.boolean())
  .map(([depth, value, isList]) =>
    Array.from({ length: depth }).reduce<unknown>((inner) => (isList ? [inner] : { in: inner }), value),
  );
const properties = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.dictionary(anyText(40), fc.oneof(leaf, deep, fc.array(leaf, { maxLength: 5 })), {
      maxKeys: 8,
    }),
  },
  { weight: 1, arbitrary: fc.constant(null).map(() => ({ noise: randomBytes(40_000).toString('base64') })) },
  {
    weight: 1,
    arbitrary: fc
      .array(leaf, { minLength: 500, maxLength: 800 })
      .map((list) => Object.fromEntries(list.entries())),
  },
);
const traits = fc.oneof(
  { weight: 4, arbitrary: fc.dictionary(name, fc.oneof(leaf, deep), { maxKeys: 6 }) },
  {
    weight: 2,
    arbitrary: fc.record(
      {
        email: fc.oneof(leaf, fc.emailAddress(), anyText(4000)),
        phone: fc.oneof(leaf, anyText(4000)),
        plan: leaf,
        score: leaf,
      },
      { requiredKeys: [] },
    ),
  },
  {
    weight: 1,
    arbitrary: fc
      .uniqueArray(name, { minLength: 100, maxLength: 300 })
      .map((names) => Object.fromEntries(names.map((one) => [one, one]))),
  },
);
const timestamp = fc.oneof(
  fc.integer({ min: 100_000_000_000, max: 4_000_000_000_000 }),
  fc.constantFrom(
    '1970-01-01T00:00:00Z',
    '9999-12-31T23:59:59.999Z',
    '2026-02-29',
    '2024-02-29T00:00:00-15:59',
    '2026-01-01T00:00:00.123456789Z',
  ),
);
const subscription = fc.record(
  {
    subscriptionId: name,
    status: fc.oneof(fc.constantFrom('active', 'canceled'), nameOf(100)),
    planName: name,
    mrr: fc.constantFrom(0, 1, 2 ** 53 - 1, 2 ** 31, null),
    currency: fc.oneof(fc.constant('usd'), nameOf(10)),
    occurredAt: timestamp,
  },
  { requiredKeys: ['subscriptionId', 'status'] },
);
const who = fc
  .record(
    {
      userId: fc.oneof(fc.constantFrom('shared', 'other'), name),
      anonymousId: fc.oneof(fc.constantFrom('shared', 'a-1'), name),
      email: fc.oneof({ weight: 10, arbitrary: fc.emailAddress() }, { weight: 1, arbitrary: anyText(320) }),
    },
    { requiredKeys: [] },
  )
  .map((names) => (Object.keys(names).length === 0 ? { userId: 'shared' } : names));
const odd = fc
  .tuple(
    who,
    fc.oneof(
      fc.record(
        {
          event: fc.oneof(name, fc.constantFrom('core_action', 'email_opened', 'bought')),
          properties,
          traits,
          timestamp,
          messageId: name,
        },
        { requiredKeys: ['event'] },
      ),
      fc.record({ event: fc.constant('subscription_updated'), properties: subscription }),
    ),
  )
  .map(([names, event]) => ({ ...names, ...event }));

describe.each(queueBackends)('legal events on $name', ({ useServices }) => {
  const services = useServices();
  let api: Api;
  let worker: TestWorker;
  beforeAll(async () => {
    api = await startApi(services);
    worker = startWorker(services);
  });

  test('none is missing, none takes another with it, and nothing fails', async () => {
    const { db } = worker;
    const segmentId = await createSegment(db, { features: { coreActions: { min: 1 } } });
    for (const criteria of [
      { events: [{ eventName: 'bought', count: { min: 2 }, within: 7, where: { in: { contains: 'a' } } }] },
      { traits: { plan: { contains: 'a' } } },
      { traits: { score: { gt: 3 }, plan: { gte: '2020-01-01T00:00:00Z' } } },
      { subscription: { status: ['active'], mrrMin: 1 } },
      { not: { person: { hasEmail: true, hasPhone: true } } },
    ])
      await createSegment(db, criteria);
    await evaluated(worker);
    const accepted: string[] = [];
    const innocent: string[] = [];
    let refused = 0;
    const send = async (body: unknown): Promise<void> => {
      const answer = await api.send('POST', '/api/growth/events', { body });
      if (answer.status !== 202) {
        // What is refused is refused with a reason.
        expect([400, 413]).toContain(answer.status);
        refused += 1;
        return;
      }
      accepted.push(...(answer.body as { messageIds: string[] }).messageIds);
    };
    const beside = async (): Promise<void> => {
      const userId = `innocent-${innocent.length}`;
      innocent.push(userId);
      const body = { event: 'core_action', userId, messageId: `of-${userId}` };
      expect((await api.send('POST', '/api/growth/events', { body })).status).toBe(202);
    };
    await fc.assert(
      fc.asyncProperty(fc.array(odd, { minLength: 1, maxLength: 6 }), async (events) => {
        await Promise.all([beside(), send({ events }), ...events.map((event) => send(event)), beside()]);
      }),
      { seed: 20_261_128, numRuns: 1000, interruptAfterTimeLimit: LIMIT_MS, endOnFailure: true },
    );
    await idle(worker.queues.producer);
    expect(await failedJobs(worker.queues.producer)).toBe(0);
    expect(accepted.length).toBeGreaterThan(100);
    const stored = new Set(
      (await db.event.findMany({ select: { messageId: true } })).map((one) => one.messageId),
    );
    const dead = new Set(
      (await db.deadEvent.findMany()).map(({ payload, error }) => {
        expect(error).not.toBe('');
        return (JSON.parse(payload) as { messageId?: string }).messageId ?? '';
      }),
    );
    expect(accepted.filter((id) => !stored.has(id) && !dead.has(id))).toEqual([]);
    expect(innocent.filter((userId) => !stored.has(`of-${userId}`))).toEqual([]);
    const members = await db.segmentMembership.findMany({ where: { segmentId, exitedAt: null } });
    const people = await db.identity.findMany({ where: { kind: 'userId', value: { in: innocent } } });
    const inside = new Set(members.map(({ personId }) => personId));
    expect(people.filter(({ personId }) => !inside.has(personId))).toEqual([]);
    expect(people).toHaveLength(innocent.length);
    expect(await segmentsOf(db, innocent[0] ?? '')).toContain(segmentId);
    expect(refused).toBeLessThan(accepted.length * 5);
    // Everybody who did something was decided on, or is set aside.
    const undecided = await db.person.count({ where: { lastDecidedAt: null } });
    const aside = await db.deadEvent.count({ where: { stage: 'evaluation' } });
    expect(undecided).toBeLessThanOrEqual(aside);
    // All that is in there can be shown again.
    for (const userId of ['shared', 'other']) {
      const answer = await api.send('GET', `/api/growth/people/${userId}/export`);
      if (answer.status === 200) expect(answer.body).toMatchObject({ person: { id: expect.any(String) } });
      else expect(answer.status).toBe(404);
    }
  });
});
