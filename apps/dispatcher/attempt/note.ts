import type { Destination } from '#destinations';
import { entryOf, placeOf } from './audience-entries';
import type { Ready } from './ready';
import type { Store } from './store';

const endOf = (ready: readonly Ready[]): number => Math.min(...ready.map(({ held }) => held.untilMs));

/**
 * Notes which entries of synced audiences are about to be put in or taken out: should this process die, they may have been.
 * @returns `over`: those that their entries wait for no longer, which must not be sent
 */
export async function noteEntries(
  store: Pick<Store, 'begin'>,
  ready: readonly Ready[],
): Promise<{ readonly awaited: readonly Ready[]; readonly over: readonly Ready[] }> {
  const attempts = ready.flatMap(({ held: { delivery } }) => {
    const place = placeOf(delivery);
    return place === null ? [] : [{ ...place, deliveryId: delivery.id }];
  });
  if (attempts.length === 0) return { awaited: ready, over: [] };
  const begun = await store.begin(attempts, endOf(ready));
  const isOver = ({ held: { delivery } }: Ready): boolean =>
    placeOf(delivery) !== null && !begun.has(delivery.id);
  return { awaited: ready.filter((one) => !isOver(one)), over: ready.filter(isOver) };
}

/**
 * Notes what the adds of triggers are about to leave of people in audiences: a removal takes out what was put in,
 * however the attempt ended.
 */
export async function noteIdentifiers(
  store: Pick<Store, 'keep'>,
  destination: Destination,
  ready: readonly Ready[],
): Promise<readonly Ready[]> {
  const entries = ready.map(({ request }) => entryOf(destination, request));
  const kept = entries.filter((entry) => entry !== null);
  if (kept.length === 0) return ready;
  const identifiers = (await store.keep(kept, endOf(ready))).values();
  return ready.map(({ held, request }, index) =>
    entries[index] === null
      ? { held, request }
      : { held, request: { ...request, identifiers: identifiers.next().value ?? [] } },
  );
}
