import { v7 as uuidv7 } from 'uuid';
import { type AudienceKind, nameOfAudience } from '#automations';
import {
  doubtNeighbours,
  type EntryCause,
  type EntryDelivery,
  findSharedParts,
  forgetEntries,
  insertEntries,
  insertEntryDeliveries,
  type LockedEntry,
  lockEntries,
  type NewEntry,
  redirectEntries,
  type Sql,
  withdrawDeliveries,
} from '#database';
import type { Destinations } from '#destinations';
import { placeText, type Touched } from './touched';

/** How far entries are put right that are not: `again` sends what is there again, `failed` what was given up. */
export type PutRight = { readonly again: boolean; readonly failed: boolean };

/**
 * What is to be done about an entry.
 * - `add`, `remove`: a delivery
 * - `withdraw`: what is under way is not to be sent, and nothing else is: the entry is as it should be
 * - `none`: it is, or what is under way makes it so
 */
type Step = 'add' | 'remove' | 'withdraw' | 'none';

/** Looks at where an entry is, what is under way, and whether it is wanted now. */
export function stepOf(
  entry: Pick<LockedEntry, 'wanted' | 'there' | 'deliveryId' | 'failed'>,
  isWanted: boolean,
  { again, failed }: PutRight,
): Step {
  const { there } = entry;
  const isRight = there === (isWanted ? 'yes' : 'no');
  const send = isWanted ? 'add' : 'remove';
  if (entry.wanted !== isWanted) {
    if (!isRight) return send;
    return entry.deliveryId === null ? 'none' : 'withdraw';
  }
  if (entry.deliveryId !== null) return 'none';
  if (entry.failed && !failed) return 'none';
  return isRight && !(again && isWanted) ? 'none' : send;
}

type Decided = {
  readonly entry: LockedEntry;
  readonly step: Step;
  readonly isWanted: boolean;
  readonly cause: EntryCause;
};

/** What was found and done. */
export type Righted = {
  /** Destinations that have something to send. */
  readonly destinations: ReadonlySet<AudienceKind>;
  /** Entries that something is sent for that was neither under way nor given up. */
  readonly astray: readonly LockedEntry[];
};

/** Puts entries right, in the transaction that wrote what is wanted. @param fresh entries that may be new */
export async function putRight(
  tx: Sql,
  destinations: Destinations,
  touched: Touched,
  { fresh, how }: { readonly fresh: readonly NewEntry[]; readonly how: PutRight },
): Promise<Righted> {
  await insertEntries(tx, [...new Map(fresh.map((entry) => [placeText(entry), entry])).values()]);
  const locked = touched.size === 0 ? [] : await lockEntries(tx, [...touched.values()]);
  const decided = locked.map((entry): Decided => {
    const isWanted = entry.holder !== null;
    const { personId, segmentId, automationId } = entry;
    const cause = entry.holder ??
      touched.get(placeText(entry))?.cause ?? { personId, segmentId, automationId };
    return { entry, isWanted, cause, step: stepOf(entry, isWanted, how) };
  });
  await withdrawDeliveries(
    tx,
    decided.flatMap(({ step, entry }) => (step === 'withdraw' ? (entry.deliveryId ?? []) : [])),
  );
  const isOver = ({ entry, step, isWanted }: Decided): boolean =>
    !isWanted && entry.there === 'no' && (step === 'none' || step === 'withdraw');
  const redirected = decided.filter((one) => !isOver(one) && isRedirected(one));
  await redirectEntries(
    tx,
    redirected.map(({ entry, isWanted, cause }) => ({ ...entry, ...cause, wanted: isWanted })),
  );
  const sent = decided.filter(({ step }) => step === 'add' || step === 'remove');
  await doubtNeighbours(
    tx,
    sent.filter(isRemovalGivenUp).map(({ entry }) => entry),
  );
  const deliveries = await deliveriesOf(tx, destinations, sent);
  await forgetEntries(
    tx,
    decided.filter(isOver).map(({ entry }) => entry),
  );
  await insertEntryDeliveries(tx, deliveries);
  const astray = sent
    .map(({ entry }) => entry)
    .filter(({ deliveryId, failed }) => deliveryId === null && !failed);
  const kinds = deliveries.map(({ audience }) => nameOfAudience(audience).destination);
  return { destinations: new Set(kinds), astray };
}

/** Whether an entry was to be taken out, and may have been, and is not to be any more. */
function isRemovalGivenUp({ entry, isWanted }: Decided): boolean {
  return isWanted && !entry.wanted && entry.there === 'maybe';
}

/** Whether an entry is to be something else, or for somebody else: one that is neither is left unwritten. */
function isRedirected({ entry, isWanted, cause }: Decided): boolean {
  const { personId, segmentId, automationId } = cause;
  const isSameCause =
    entry.personId === personId && entry.segmentId === segmentId && entry.automationId === automationId;
  return entry.wanted !== isWanted || !isSameCause;
}

/**
 * The deliveries of entries. A removal sends only the parts of the entry that nobody else makes wanted. If there are
 * none, it sends all parts, and what it takes out of other entries is put in again when it is done (`settleEntries`).
 */
async function deliveriesOf(tx: Sql, destinations: Destinations, sent: readonly Decided[]) {
  const partsIn = ({ audience }: LockedEntry) => destinations[nameOfAudience(audience).destination].parts;
  const removed = sent.filter(({ step }) => step === 'remove').map(({ entry }) => entry);
  const shared = new Map<string, Set<string>>();
  for (const { part, ...place } of await findSharedParts(tx, removed.filter(partsIn))) {
    shared.set(placeText(place), (shared.get(placeText(place)) ?? new Set()).add(part));
  }
  return sent.map(({ entry, step, cause }): EntryDelivery => {
    const { audience, key, identifier } = entry;
    const others = step === 'remove' ? shared.get(placeText(entry)) : undefined;
    const rest = others === undefined ? identifier : partsIn(entry)?.without(identifier, others);
    return {
      ...cause,
      id: uuidv7(),
      audience,
      key,
      destination: nameOfAudience(audience).destination,
      action: step === 'remove' ? 'remove' : 'add',
      identifier: rest ?? identifier,
    };
  });
}
