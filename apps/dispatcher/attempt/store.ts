import { randomUUID } from 'node:crypto';
import { type DestinationKind, KINDS } from '#automations';
import { makeGroupCommit } from '#concurrency';
import {
  type AudienceEntry,
  beginEntries,
  classifyFailure,
  type Database,
  type DeliveryContext,
  type DeliveryRecord,
  doubtEntries,
  type EntryAttempt,
  type HeldDelivery,
  inTransaction,
  keepIdentifiers,
  moveDelivery,
  recordDeliveryResults,
  releaseDeliveries,
  reportTrouble,
  returnTry,
  settleEntries,
  settleIdentifiers,
  storeDeliveryBodies,
  type TakeUp,
  takeUpDeliveries,
} from '#database';
import { LIMITS } from '../limits';
import type { PersistUntil } from '../persist-until';
import { type Crossed, placeOf } from './audience-entries';
import { troublesOf, type Verdict } from './results';

/** A delivery that this process holds until `untilMs` (on the clock of `performance.now()`). */
export type Held = {
  readonly delivery: DeliveryContext;
  readonly claim: HeldDelivery;
  readonly untilMs: number;
  /** It was let through a gate to try. */
  readonly isTry: boolean;
};

/** What became of a delivery, and what that tells of its endpoint. */
export type Conclusion = Omit<DeliveryRecord, 'held'> & {
  readonly held: Held;
  readonly verdict: Verdict;
  /** How the person stands in an audience now; null where that is not known, or there is none. */
  readonly entry: AudienceEntry | null;
  /** Entries of a synced audience that a trigger's delivery may have put in or taken out. */
  readonly crossed: readonly Crossed[];
};

/** What is written and read about deliveries: each statement is over all that waits for it. */
export type Store = {
  /** Those of a job that this process may send. */
  readonly takeUp: (claims: readonly TakeUp[], isTry: boolean) => Promise<readonly Held[]>;
  /** @returns whether the claim still held */
  readonly storeBody: (held: Held, body: string) => Promise<boolean>;
  /** Notes which entries of synced audiences are about to be sent. @returns the deliveries that may be */
  readonly begin: (attempts: readonly EntryAttempt[], untilMs: number) => Promise<ReadonlySet<string>>;
  /** Notes who is about to be put into an audience. @returns for each all that is noted of them there */
  readonly keep: (entries: readonly AudienceEntry[], untilMs: number) => Promise<readonly string[][]>;
  /** @returns whether the claim still held */
  readonly conclude: (conclusion: Conclusion) => Promise<boolean>;
  /** Gives back what is not to be sent now. */
  readonly release: (held: readonly Held[]) => Promise<void>;
  readonly move: (
    held: Held,
    place: { readonly endpoint: string; readonly stateKey: string | null },
  ) => Promise<void>;
};

/** Rows of one statement; a job that is larger has a statement of its own. */
const ROWS_MAX = { takeUps: 500, bodies: 200, results: 1_000 } as const;
/** Results come one by one; a statement that waits this long takes dozens of them. */
const RESULTS_LINGER_MS = 5;

const isDataFault = (error: unknown): boolean => classifyFailure(error) === 'data';
const latest = (held: readonly { readonly untilMs: number }[]): number =>
  Math.max(...held.map(({ untilMs }) => untilMs));

type StoreOptions = {
  readonly db: Database;
  readonly kind: DestinationKind;
  readonly leaseMs: number;
  readonly persistUntil: PersistUntil;
};

/** Statements are repeated through outages as long as a claim holds. */
export function makeStore(options: StoreOptions): Store {
  const { db, persistUntil } = options;
  const takeUps = makeTakeUps(options);
  const bodies = makeGroupCommit({
    max: ROWS_MAX.bodies,
    lingerMs: 0,
    isDataFault,
    run: async (items: readonly { readonly held: Held; readonly body: string }[]) => {
      const rows = items.map(({ held, body }) => ({ held: held.claim, body }));
      const until = latest(items.map(({ held }) => held));
      const ids = await persistUntil(() => storeDeliveryBodies(db, rows), until);
      return items.map(({ held }) => ids.has(held.delivery.id));
    },
  });
  const conclusions = makeGroupCommit({
    max: ROWS_MAX.results,
    lingerMs: RESULTS_LINGER_MS,
    isDataFault,
    run: async (items: readonly Conclusion[]) => {
      const until = latest(items.map(({ held }) => held));
      const ids = await persistUntil(() => writeConclusions(options, items), until);
      return items.map(({ held }) => ids.has(held.delivery.id));
    },
  });
  const releases = makeGroupCommit({
    max: ROWS_MAX.results,
    lingerMs: RESULTS_LINGER_MS,
    isDataFault,
    run: async (items: readonly (readonly Held[])[]) => {
      const held = items.flat();
      const claims = held.map(({ claim }) => claim);
      await persistUntil(() => releaseDeliveries(db, claims), latest(held));
      return items.map(() => undefined);
    },
  });
  return {
    takeUp: async (claims, isTry) => {
      const found = await takeUps(claims);
      return found.map((held) => ({ ...held, isTry }));
    },
    storeBody: (held, body) => bodies({ held, body }),
    begin: (attempts, untilMs) => persistUntil(() => beginEntries(db, attempts), untilMs),
    keep: (entries, untilMs) => persistUntil(() => keepIdentifiers(db, entries), untilMs),
    conclude: conclusions,
    release: async (held) => {
      if (held.length > 0) await releases(held);
    },
    move: async ({ claim, untilMs, isTry, delivery }, place) => {
      await persistUntil(() => moveDelivery(db, claim, place), untilMs);
      if (isTry) await persistUntil(() => returnTry(db, delivery.destination, delivery.endpoint), untilMs);
    },
  };
}

function makeTakeUps({ db, kind, leaseMs, persistUntil }: StoreOptions) {
  return makeGroupCommit({
    max: Math.max(1, Math.floor(ROWS_MAX.takeUps / LIMITS[kind].jobMax)),
    lingerMs: 0,
    isDataFault,
    run: async (jobs: readonly (readonly TakeUp[])[]): Promise<readonly Omit<Held, 'isTry'>[][]> => {
      const claims = jobs.flat();
      // Begun before the statement: the lease in the database can only end later than this.
      let untilMs = performance.now() + leaseMs;
      const take = async (): Promise<DeliveryContext[]> => {
        untilMs = performance.now() + leaseMs;
        return takeUpDeliveries(db, claims, { leaseMs, rendersBody: KINDS[kind].rendersBody });
      };
      const contexts = await persistUntil(take, untilMs);
      const byId = new Map(contexts.map((delivery) => [delivery.id, delivery]));
      return jobs.map((job) =>
        job.flatMap((claim) => {
          const delivery = byId.get(claim.deliveryId);
          return delivery === undefined ? [] : [{ delivery, claim, untilMs }];
        }),
      );
    },
  });
}

const tellsNothing = ({ worked, holds }: Verdict): boolean => worked === null && holds.length === 0;

/** Results and what they tell of endpoints are one transaction: a failure is counted once, a halt is never missed. */
async function writeConclusions(
  { db, kind }: StoreOptions,
  items: readonly Conclusion[],
): Promise<ReadonlySet<string>> {
  const records = items.map(({ held, result, attempt, unsettledMs, workedMsAgo }) => ({
    held: held.claim,
    result,
    attempt,
    unsettledMs,
    workedMsAgo,
  }));
  const troubles = troublesOf(items.map(({ verdict }) => verdict));
  const idleTries = items.filter(({ held, verdict }) => held.isTry && tellsNothing(verdict));
  const entries = items.filter(({ entry }) => entry !== null);
  const places = items.flatMap(({ held: { delivery } }) => {
    const place = placeOf(delivery);
    return place === null ? [] : [{ ...place, deliveryId: delivery.id }];
  });
  const crossed = items.flatMap((one) => (one.result.status === 'retrying' ? [] : one.crossed));
  if (troubles.length + idleTries.length + entries.length + places.length + crossed.length === 0)
    return recordDeliveryResults(db, records);
  return inTransaction(db, async (tx) => {
    const ids = await recordDeliveryResults(tx, records);
    const settled = entries.filter(({ held }) => ids.has(held.delivery.id));
    await settleIdentifiers(
      tx,
      settled.flatMap(({ entry }) => entry ?? []),
    );
    await settleEntries(
      tx,
      places.filter(({ deliveryId }) => ids.has(deliveryId)),
    );
    await doubtEntries(tx, crossed);
    if (troubles.length > 0) await reportTrouble(tx, kind, troubles);
    for (const { held } of idleTries) await returnTry(tx, kind, held.delivery.endpoint);
    return ids;
  });
}

/** Who takes a job up. */
export function takeUpsOf(job: {
  readonly claimToken: string;
  readonly deliveryIds: readonly string[];
}): TakeUp[] {
  const takenBy = randomUUID();
  return job.deliveryIds.map((deliveryId) => ({ deliveryId, claimToken: job.claimToken, takenBy }));
}
