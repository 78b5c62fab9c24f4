import {
  closeAtEnd,
  type FakeReceiver,
  openDatabase,
  selfSignedCertificate,
  startFakeReceiver,
  useDatabase,
  useProcesses,
} from '#testkit';
import { createPerson, createSegment, settled, transition } from './harness';

jest.setTimeout(60_000);

const REASON = "the server's TLS certificate is not trusted (DEPTH_ZERO_SELF_SIGNED_CERT)";

describe('a server whose certificate nobody vouches for', () => {
  const database = useDatabase();
  const processes = useProcesses();
  let receiver: FakeReceiver;
  beforeAll(async () => {
    receiver = await startFakeReceiver({ certificate: selfSignedCertificate() });
    closeAtEnd(() => receiver.close());
  });

  // The variable turns verification off for whatever in a process leaves it to Node.
  test.each([undefined, '0'])('is sent nothing, with NODE_TLS_REJECT_UNAUTHORIZED=%s', async (variable) => {
    const db = openDatabase(database.url);
    const dispatcher = processes.start('dispatcher', {
      env: {
        DATABASE_URL: database.url,
        WEBHOOK_ALLOW_CIDRS: '127.0.0.0/8',
        META_ACCESS_TOKEN: 'meta_test',
        META_BASE_URL: receiver.origin,
        NODE_TLS_REJECT_UNAUTHORIZED: variable,
      },
    });
    await dispatcher.waitForLine('ready');
    const automations = [
      { kind: 'webhook', automation: { url: receiver.origin } },
      { kind: 'meta', automation: { customAudienceId: '777', action: 'add' } },
    ] as const;
    for (const { kind, automation } of automations) {
      const segment = await createSegment(db, kind, automation);
      const [id] = await transition(db, segment, [await createPerson(db, { email: 'ada@example.com' })]);
      const { attempts, unsettledUntil } = await settled(db, id, 'retrying');
      expect(attempts[0]).toMatchObject({ status: null, error: REASON });
      // Nothing has arrived there that could still be applied.
      expect(unsettledUntil).toBeNull();
    }
    expect(receiver.requests).toEqual([]);
    await dispatcher.kill('SIGTERM');
  });
});
