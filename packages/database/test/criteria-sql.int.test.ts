import fc from 'fast-check';
import { type Criteria, compileSql, evaluate, nextChange } from '#criteria';
import { closeAtEnd, useDatabase } from '#testkit';
import { criteriaArbitrary, windowedCriteriaArbitrary } from '../../testkit/criteria-arbitraries';
import { DAY_MS, MINUTE_MS, SEGMENT_IDS } from '../../testkit/criteria-vocabulary';
import { type Person, personArbitrary, stateFor } from '../../testkit/person-arbitraries';
import { type Database, connect } from '../connection/connect';
import { rowsOf } from '../connection/sql';
import { plainArray, textArray } from '../connection/literals';
import { insertPopulation } from './population';

const NOW_MS = Date.UTC(2026, 10, 25, 12);
const PEOPLE = 100;
/** Criteria that each population is asked. */
const RUNS = 500;

const database = useDatabase();
let db: Database;

beforeAll(() => {
  const connection = connect(database.url, 2, () => undefined);
  closeAtEnd(connection.close);
  db = connection.db;
});

type Answer = { readonly id: string; readonly holds: boolean | null; readonly changesAt: number | null };

/** What SQL answers about the people. */
async function ask(
  criteria: Criteria,
  people: readonly Person[],
  nowMs: number,
): Promise<Map<string, Answer>> {
  const { holds, changesAt, parameters } = compileSql(criteria, {
    person: 'p',
    now: 'decision.at',
    firstParameter: 3,
  });
  const rows = await rowsOf<Answer>(
    db,
    `SELECT p.id, ${holds} AS holds, round(date_part('epoch', ${changesAt}) * 1000) AS "changesAt"
       FROM person p CROSS JOIN (SELECT $1::timestamptz AS at) decision
      WHERE p.id = ANY($2::uuid[])`,
    new Date(nowMs).toISOString(),
    plainArray(people.map(({ personId }) => personId)),
    ...parameters,
  );
  return new Map(rows.map((row) => [row.id, row]));
}

/** What is wrong with what SQL answers about a person, held against what memory says; null for nothing. */
function faultIn(
  answer: Answer | undefined,
  criteria: Criteria,
  person: Person,
  nowMs: number,
): string | null {
  if (answer === undefined) return 'no answer';
  const state = stateFor(person, criteria);
  const expected = evaluate(criteria, state, nowMs);
  if (answer.holds !== expected) return `holds is ${answer.holds}, not ${expected}`;
  const change = nextChange(criteria, state, nowMs);
  const { changesAt } = answer;
  if (changesAt === null)
    return change === null ? null : `no change, where ${change - nowMs} ms on there is one`;
  if (changesAt <= nowMs) return `a change ${nowMs - changesAt} ms ago`;
  return change !== null && changesAt > change ? `a change ${changesAt - change} ms late` : null;
}

// The people's events lie at the edges of windows that end at NOW_MS: a little later some have just left.
const laterMs = fc.constantFrom(0, 0, 1, 2, MINUTE_MS, 30 * MINUTE_MS, DAY_MS - 1, DAY_MS, 7 * DAY_MS);
const question = fc.record({
  criteria: fc.oneof(
    { weight: 3, arbitrary: criteriaArbitrary },
    { weight: 1, arbitrary: windowedCriteriaArbitrary },
  ),
  laterMs,
});

test('`holds` stands alone, in a condition, by person and by set, at an instant that differs from person to person', async () => {
  const people = fc.sample(personArbitrary(NOW_MS), { numRuns: PEOPLE, seed: 5 });
  await insertPopulation(db, people);
  // Everybody's own instant, beside their id: the last digits of it are theirs.
  const laterOf = ({ personId }: Person): number => Number.parseInt(personId.slice(-4), 16) * 10_000;
  await db.$executeRawUnsafe(
    `UPDATE person SET last_seen_at = t.at FROM unnest($1::uuid[], $2::timestamptz[]) t(id, at) WHERE person.id = t.id`,
    plainArray(people.map(({ personId }) => personId)),
    textArray(people.map((person) => new Date(NOW_MS + laterOf(person)).toISOString())),
  );
  let found = 0;
  const property = fc.asyncProperty(criteriaArbitrary, async (criteria) => {
    const members = people.filter((person) =>
      evaluate(criteria, stateFor(person, criteria), NOW_MS + laterOf(person)),
    );
    for (const lookups of ['byPerson', 'bySet'] as const) {
      const place = { person: 'q', now: 'q.last_seen_at', firstParameter: 2, lookups };
      const { holds, joins, parameters } = compileSql(criteria, place);
      const rows = await rowsOf<{ id: string }>(
        db,
        `SELECT id FROM person q${joins} WHERE id = ANY($1::uuid[]) AND ${holds} ORDER BY id`,
        plainArray(people.map(({ personId }) => personId)),
        ...parameters,
      );
      found += rows.length;
      expect(rows.map(({ id }) => id)).toEqual(members.map(({ personId }) => personId).toSorted());
    }
  });
  await fc.assert(property, { numRuns: 400 });
  expect(found).toBeGreaterThan(2_000);
}, 120_000);

test('nobody is asked for any lookup but by key: no plan scans a table or hashes one', async () => {
  const criteria: Criteria = {
    events: [
      { eventName: 'a', count: { min: 2, max: 5 }, within: 7, where: { plan: { eq: 'pro' } } },
      { eventName: 'b', count: { eq: 0 } },
    ],
    subscription: { status: ['active'], mrrMin: 1 },
    traits: { plan: { in: ['pro', 'team'] } },
    segments: { memberOf: SEGMENT_IDS, notMemberOf: SEGMENT_IDS },
    any: [{ not: { events: [{ eventName: 'c', within: '1h' }] } }, { sample: { percent: 5 } }],
  };
  const { holds, changesAt, parameters } = compileSql(criteria, {
    person: 'p',
    now: '$1::timestamptz',
    firstParameter: 2,
  });
  const [row] = await rowsOf<{ 'QUERY PLAN': unknown }>(
    db,
    `EXPLAIN (FORMAT JSON) SELECT ${holds}, ${changesAt} FROM person p WHERE p.id < 'f0000000-0000-0000-0000-000000000000'`,
    new Date(NOW_MS).toISOString(),
    ...parameters,
  );
  const plan = JSON.stringify(row);
  const nodes = [...plan.matchAll(/"Node Type":"([^"]+)"/g)].map(([, type]) => type);
  expect(nodes.length).toBeGreaterThan(10);
  expect(nodes.filter((type) => /Seq|Hash|Sort|Join|Nested/.test(type ?? ''))).toEqual([]);
  expect(plan).not.toContain('hashed SubPlan');
  const conditions = [...plan.matchAll(/"Index Cond":"([^"]+)/g)].map(([, condition]) => condition);
  // The first is the chunk of people.
  for (const condition of conditions.slice(1)) expect(condition).toContain('person_id = p.id');
});

test.each([1, 2, 3, 4])(
  'SQL answers as memory does: population %d',
  async (seed) => {
    const people = fc.sample(personArbitrary(NOW_MS), { numRuns: PEOPLE, seed });
    await insertPopulation(db, people);
    const seen = { true: 0, false: 0, changes: 0 };
    const property = fc.asyncProperty(question, async ({ criteria, laterMs: later }) => {
      const nowMs = NOW_MS + later;
      const answers = await ask(criteria, people, nowMs);
      const faults = people.flatMap((person) => {
        const answer = answers.get(person.personId);
        if (answer?.holds === true || answer?.holds === false) seen[`${answer.holds}`] += 1;
        if (typeof answer?.changesAt === 'number') seen.changes += 1;
        const fault = faultIn(answer, criteria, person, nowMs);
        return fault === null ? [] : [{ fault, person }];
      });
      expect(faults.slice(0, 1)).toEqual([]);
    });
    await fc.assert(property, { numRuns: RUNS });
    // Otherwise nothing was compared.
    const asked = RUNS * PEOPLE;
    expect(Math.min(seen.true, seen.false)).toBeGreaterThan(asked / 5);
    expect(seen.changes).toBeGreaterThan(asked / 20);
  },
  180_000,
);
