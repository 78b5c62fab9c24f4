import { v7 as uuidv7 } from 'uuid';
import { type Database, raiseRevision, setEmails, type Sql, type Transact } from '#database';
import { decide, FORGETFUL, makeDefinitionCache } from '#decisions';
import { openConnection, useDatabase } from '#testkit';

const CRITERIA = { person: { hasEmail: true } };
const SECRET = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';

describe('what synced audiences cost those who enter segments', () => {
  const database = useDatabase();
  let db: Database;
  let transact: Transact;
  beforeAll(() => {
    ({ db, transact } = openConnection(database.url));
  });
  beforeEach(async () => {
    await db.$executeRawUnsafe('TRUNCATE segment, audience_dirty');
  });

  const createSegment = async (
    automationConfig: object | null,
    criteria: object = CRITERIA,
  ): Promise<void> => {
    await raiseRevision(db);
    const id = uuidv7();
    await db.segment.create({
      data: { id, name: 's', criteria, ...(automationConfig === null ? {} : { automationConfig }) },
    });
  };
  const syncing = () => ({ resend: { id: uuidv7(), audienceId: 'aud', sync: true } });
  const telling = () => ({ webhook: { id: uuidv7(), url: 'https://x.example', secret: SECRET } });
  /** The statements of the transaction in which somebody new enters all there are. */
  const statementsOfEntry = async (): Promise<string[]> => {
    const id = uuidv7();
    await db.person.create({ data: { id, email: 'a@x.example' } });
    const statements: string[] = [];
    const definitions = makeDefinitionCache();
    const tools = { definitions, remembered: FORGETFUL };
    await transact(async (tx, afterwards) => {
      const counting: Sql = {
        ...tx,
        $queryRawUnsafe: async (text, ...values) => {
          statements.push(text);
          return tx.$queryRawUnsafe(text, ...values);
        },
        $executeRawUnsafe: async (text, ...values) => {
          statements.push(text);
          return tx.$executeRawUnsafe(text, ...values);
        },
      };
      const scopes = new Map([[id, { kind: 'all' as const }]]);
      const { transitions } = await decide(counting, { scopes, cause: 'event' }, tools, afterwards);
      expect(transitions.length).toBeGreaterThan(0);
    });
    return statements;
  };

  test('nothing where their segment syncs none, one statement where it does', async () => {
    await createSegment(telling());
    const alone = await statementsOfEntry();
    await createSegment(syncing(), { person: { hasPhone: true } });
    expect(await statementsOfEntry()).toEqual(alone);
    expect(await db.audienceDirty.count()).toBe(0);
    await createSegment(syncing());
    const synced = await statementsOfEntry();
    expect(synced.filter((text) => text.includes('audience'))).toHaveLength(1);
    expect(synced).toHaveLength(alone.length + 1);
    expect(await db.audienceDirty.count()).toBe(1);
  });

  test('an address that changes marks its person only where some segment syncs', async () => {
    const id = uuidv7();
    await db.person.create({ data: { id, email: 'a@x.example' } });
    const change = (email: string) => setEmails(db, new Map([[id, email]]));
    await createSegment(telling());
    await change('b@x.example');
    expect(await db.audienceDirty.count()).toBe(0);
    await createSegment(syncing());
    await change('b@x.example');
    expect(await db.audienceDirty.count()).toBe(0);
    await change('c@x.example');
    expect(await db.audienceDirty.findMany()).toMatchObject([{ personId: id, audience: null }]);
    await db.segment.updateMany({ data: { status: 'archived' } });
    await change('d@x.example');
    expect(await db.audienceDirty.count()).toBe(1);
  });
});
