import fc from 'fast-check';
import { compileWhere, propertiesMatch } from '#criteria';
import { closeAtEnd, useDatabase } from '#testkit';
import { whereArbitrary } from '../../testkit/criteria-arbitraries';
import { propertiesArbitrary } from '../../testkit/person-arbitraries';
import { type Database, connect } from '../connection/connect';
import { rowsOf } from '../connection/sql';
import { textArray } from '../connection/literals';

const database = useDatabase();
let db: Database;

beforeAll(() => {
  const connection = connect(database.url, 1, () => undefined);
  closeAtEnd(connection.close);
  db = connection.db;
});

test('a where says of any properties in SQL what it says in memory', async () => {
  const seen = { true: 0, false: 0 };
  const events = fc.array(propertiesArbitrary, { minLength: 50, maxLength: 100, size: 'max' });
  const property = fc.asyncProperty(whereArbitrary, events, async (where, properties) => {
    const { holds, parameters } = compileWhere(where, { properties: 'e.properties', firstParameter: 2 });
    const rows = await rowsOf<{ holds: boolean | null }>(
      db,
      `SELECT ${holds} AS holds FROM unnest($1::jsonb[]) WITH ORDINALITY e(properties, position) ORDER BY position`,
      textArray(properties.map((each) => (each === null ? null : JSON.stringify(each)))),
      ...parameters,
    );
    const expected = properties.map((each) => propertiesMatch(where, each));
    for (const answer of expected) seen[`${answer}`] += 1;
    expect(rows.map((row) => row.holds)).toEqual(expected);
  });
  await fc.assert(property, { numRuns: 200 });
  // Of 20,000 answers some 1,600 to 5,000 are the rarer one, by chance: it must not be a handful.
  expect(Math.min(seen.true, seen.false)).toBeGreaterThan(500);
}, 60_000);
