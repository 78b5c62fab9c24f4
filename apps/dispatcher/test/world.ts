import { type Database, listGates } from '#database';
import {
  closeAtEnd,
  type FakeMeta,
  type FakeReceiver,
  type FakeResend,
  reply,
  startFakeMeta,
  startFakeReceiver,
  startFakeResend,
  waitFor,
} from '#testkit';
import { createPerson, createSegment, inAndOut, type TestSegment, transition } from './harness';

/** A repeatable sequence of numbers in [0, 1) (mulberry32). */
export function seededRandom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

type Person = { readonly id: string; readonly email: string; isIn: boolean };

/**
 * People who enter and leave three segments together: one tells a webhook, two add to an audience and take out of it. The
 * fakes are closed at the end of the file.
 */
export type World = {
  readonly receiver: FakeReceiver;
  readonly resend: FakeResend;
  readonly meta: FakeMeta;
  /** Some people, chosen by chance, enter or leave. */
  readonly flip: (share: number) => Promise<void>;
  /** Waits until nothing is to be sent any more. */
  readonly settle: (timeoutMs: number) => Promise<void>;
  /** That every delivery has had its effect, by what the other side has seen. */
  readonly expectAllRight: () => Promise<void>;
};

export async function makeWorld(
  db: Database,
  { people: count, random }: { readonly people: number; readonly random: () => number },
): Promise<World> {
  const receiver = await startFakeReceiver({ handler: reply(200) });
  const resend = await startFakeResend();
  const meta = await startFakeMeta();
  for (const fake of [receiver, resend, meta]) closeAtEnd(() => fake.close());
  const segments: TestSegment[] = [
    await createSegment(db, 'webhook', { url: receiver.origin }),
    await createSegment(db, 'resend', inAndOut({ audienceId: 'aud' })),
    await createSegment(db, 'meta', inAndOut({ customAudienceId: '777' })),
  ];
  const people: Person[] = [];
  for (let index = 0; index < count; index += 1) {
    const email = `p${index}@example.com`;
    people.push({ id: await createPerson(db, { email }), email, isIn: false });
  }
  const move = async (movers: readonly Person[], edge: 'entered' | 'exited'): Promise<void> => {
    for (const person of movers) person.isIn = edge === 'entered';
    const ids = movers.map(({ id }) => id);
    if (ids.length > 0) for (const segment of segments) await transition(db, segment, ids, edge);
  };
  return {
    receiver,
    resend,
    meta,
    flip: async (share) => {
      const chosen = people.filter(() => random() < share);
      const [leaving, entering] = [chosen.filter(({ isIn }) => isIn), chosen.filter(({ isIn }) => !isIn)];
      await move(leaving, 'exited');
      await move(entering, 'entered');
    },
    settle: async (timeoutMs) => {
      const left = async (): Promise<true> => {
        const open = await db.delivery.groupBy({
          by: ['destination', 'status', 'reason'],
          where: { status: { in: ['pending', 'retrying'] } },
          _count: true,
        });
        if (open.length === 0) return true;
        const gates = await listGates(db, 10);
        throw new Error(`${JSON.stringify(open)} ${JSON.stringify(gates)}`);
      };
      const what = 'deliveries that are all in their final state';
      await waitFor(left, { timeoutMs, intervalMs: 100, what });
    },
    expectAllRight: async () => {
      const members = people.filter(({ isIn }) => isIn);
      expect(resend.membersOf('aud')).toEqual(members.map(({ email }) => email).toSorted());
      expect(meta.membersOf('777')).toEqual(members.map(({ id }) => id).toSorted());

      const hooks = await db.delivery.findMany({ where: { destination: 'webhook' } });
      expect(hooks.filter(({ status }) => status !== 'succeeded')).toEqual([]);
      const bodies = new Map<string, Set<string>>();
      for (const { headers, text } of receiver.requests) {
        const id = String(headers['webhook-id']);
        bodies.set(id, (bodies.get(id) ?? new Set()).add(text));
      }
      expect([...bodies.keys()].toSorted()).toEqual(hooks.map(({ id }) => id).toSorted());
      expect([...bodies.values()].filter(({ size }) => size !== 1)).toEqual([]);
      const kinds = { destination: { in: ['resend', 'meta'] }, status: { in: ['dead', 'skipped'] } };
      expect(await db.delivery.findMany({ where: kinds })).toEqual([]);
    },
  };
}
