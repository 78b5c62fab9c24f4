import { listGates } from '#database';
import {
  disturbAtRandom,
  type FakeMeta,
  type FakeResend,
  graphError,
  type Handler,
  queueBackends,
  reply,
  resendError,
  startFakeMeta,
  startFakeResend,
  useProcesses,
  waitFor,
} from '#testkit';
import { AUDIENCES, makeChangingWorld, META, RESEND, wantedIn } from './audience-model';
import { startEngine } from './engine';
import type { DispatcherSettings } from './harness';
import { seededRandom } from './world';

const ROUNDS = 6;
/** A part of the calls that a round causes: the next one comes into the middle of it. */
const CALLS_OF_ROUND = 8;
const SETTINGS: DispatcherSettings = {
  timeoutMs: 400,
  leaseMs: 1_500,
  metaWindowMs: 50,
  retryDelaysMs: [0, ...Array.from({ length: 30 }, () => 100)],
};

function addForeign(resend: FakeResend, meta: FakeMeta): void {
  resend.addContact('foreign@other.example', { segments: RESEND });
  for (const audience of META)
    meta.addRow(audience, { EXTERN_ID: 'foreign', EMAIL: 'f'.repeat(64), PHONE: '' });
}

function heldBy(audience: string, resend: FakeResend, meta: FakeMeta): string[] {
  if (RESEND.some((id) => id === audience)) {
    return resend.membersOf(audience).filter((email) => email !== 'foreign@other.example');
  }
  const rows = meta.rowsOf(audience).map((row) => `${row['EXTERN_ID']} ${row['EMAIL']} ${row['PHONE']}`);
  return rows.filter((row) => !row.startsWith('foreign ')).toSorted();
}

describe.each(queueBackends)('synced audiences whose vendors go wrong, on $name', ({ useServices }) => {
  const services = useServices();
  const processes = useProcesses();

  test('after the dust settles each holds whom its segments make wanted, and who was there before', async () => {
    const seed = Number(process.env['CHAOS_SEED'] ?? Date.now() % 1_000_000);
    // A failing run is repeated by this number.
    process.stdout.write(`CHAOS_SEED=${seed}\n`);
    const random = seededRandom(seed);
    const resend = await startFakeResend();
    const meta = await startFakeMeta();
    addForeign(resend, meta);
    const engine = await startEngine(services, { resend, meta });
    const world = makeChangingWorld(engine, random);
    await world.createSegment();
    await world.createSegment();
    await world.changePeople(1);

    const common = { share: 0.25, random, lateMs: 60 };
    const busy = (retryAfter: string): Handler => reply(503, { headers: { 'retry-after': retryAfter } });
    const refusals = [resendError(422, 'invalid_parameter', 'no'), graphError(100)];
    const disturb = (isOn: boolean): void => {
      const by = (answers: readonly Handler[]) =>
        isOn ? disturbAtRandom({ ...common, throttled: busy, answers }) : null;
      resend.disturb(by(refusals.slice(0, 1)));
      meta.disturb(by(refusals.slice(1)));
    };
    disturb(true);

    let dispatchers = [engine.startDispatcher(SETTINGS), engine.startDispatcher(SETTINGS)];
    const calls = (): number => resend.requests.length + meta.requests.length;
    for (let round = 0; round < ROUNDS; round += 1) {
      const before = calls();
      await world.changeSegment();
      await world.changePeople(0.5);
      await waitFor(() => calls() >= before + CALLS_OF_ROUND, { timeoutMs: 5_000 }).catch(() => undefined);
      if (round !== 2) continue;
      // One that is killed in the middle of its work takes the others' place. Nothing that it sends is done later than its
      // claims would have ended, for they are ended at once.
      for (const one of dispatchers) await one.stop();
      disturb(false);
      const doomed = processes.start('dispatcher', {
        env: {
          DATABASE_URL: services.databaseUrl,
          REDIS_URL: services.redisUrl,
          RESEND_API_KEY: 're_test',
          RESEND_BASE_URL: resend.origin,
          META_ACCESS_TOKEN: 'meta_test',
          META_BASE_URL: meta.origin,
        },
      });
      await doomed.waitForLine('ready');
      const met = calls();
      await world.changePeople(0.7);
      await waitFor(() => calls() > met, { timeoutMs: 20_000, what: 'a call of the doomed' });
      await doomed.kill('SIGKILL');
      // What follows in 18.5 s.
      await engine.db.delivery.updateMany({
        where: { claimToken: { not: null } },
        data: { claimedUntil: new Date(0) },
      });
      disturb(true);
      dispatchers = [engine.startDispatcher(SETTINGS), engine.startDispatcher(SETTINGS)];
    }
    await world.finish();
    disturb(false);
    await engine.idle();
    await engine.db.deliveryGate.deleteMany({});
    const ended = async (): Promise<true> => {
      const where = { status: { in: ['pending', 'retrying'] } };
      const open = await engine.db.delivery.findMany({ where, take: 3 });
      const entries = await engine.db.audienceEntry.findMany({
        where: { deliveryId: { not: null } },
        take: 3,
      });
      if (open.length + entries.length === 0) return true;
      const found = { open, entries, gates: await listGates(engine.db, 10) };
      throw new Error(
        JSON.stringify(found, (_key, value) => (typeof value === 'bigint' ? String(value) : value)),
      );
    };
    await waitFor(ended, { timeoutMs: 30_000, what: 'deliveries that are all at their end' });
    for (const { destination, audienceId, segments } of (await engine.client.listAudiences()).audiences) {
      if (segments.length === 0) continue;
      const name = {
        destination: destination === 'meta' ? ('meta' as const) : ('resend' as const),
        audienceId,
      };
      await engine.client.reconcileAudience(name);
    }
    await engine.settled(30_000);

    for (const audience of AUDIENCES) {
      const wanted = wantedIn(audience, world.segments(), world.people());
      expect({ audience, held: heldBy(audience, resend, meta) }).toEqual({ audience, held: wanted });
    }
    expect(RESEND.map((id) => resend.membersOf(id).includes('foreign@other.example'))).toEqual([true, true]);
    for (const id of META) expect(meta.membersOf(id)).toContain('foreign');
    const { audiences } = await engine.client.listAudiences();
    for (const { wanted, applied, failed } of audiences) expect([applied, failed]).toEqual([wanted, 0]);
    for (const one of dispatchers) await one.stop();
    await resend.close();
    await meta.close();
  }, 120_000);
});
