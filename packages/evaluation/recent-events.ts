import type { LockedPerson, Sql, StoredEvent } from '#database';
import { loadInstants } from '#database';

/** Events of one name of a locked person: the newest `depth`. */
export type WantedEvents = {
  readonly person: Pick<LockedPerson, 'id' | 'eventsVersion'>;
  readonly name: string;
  readonly depth: number;
};

/** Newest first (epoch ms). Shorter than `depth`: there are no others. */
type Newest = { readonly depth: number; readonly instants: readonly number[] };

type Entry = {
  /** The person's `eventsVersion` of which this is so, once it is settled. */
  version: number;
  /** False while the transaction that stores the last of it is not known to have committed. */
  isSettled: boolean;
  readonly byName: Map<string, Newest>;
};

/**
 * What a process remembers of people's newest events, so that somebody who does one thing after the other has them read
 * once. An entry counts only while the person's `eventsVersion`, read under the lock, is what it was: whoever stores
 * events raises it, and this process then keeps up with what it stores itself. Whoever moves or removes events of a
 * person must raise it too.
 */
export type RecentEvents = {
  /** The instants (epoch ms, newest first) of what is wanted, in its order, at least as deep: remembered, or read. */
  readonly load: (tx: Sql, wanted: readonly WantedEvents[]) => Promise<(readonly number[])[]>;
  /**
   * Takes up events that a transaction stores, which holds the locks of their people.
   * @returns to be called with whether it has committed
   */
  readonly adding: (events: readonly StoredEvent[]) => (hasCommitted: boolean) => void;
};

function withInstant({ depth, instants }: Newest, at: number): Newest {
  const place = instants.findIndex((instant) => instant < at);
  const all = place === -1 ? [...instants, at] : [...instants.slice(0, place), at, ...instants.slice(place)];
  return { depth, instants: all.slice(0, depth) };
}

function positionsIn<Key>(): { readonly of: (key: Key) => number; readonly keys: () => Key[] } {
  const positions = new Map<Key, number>();
  return {
    of: (key) => {
      const position = positions.get(key) ?? positions.size;
      positions.set(key, position);
      return position;
    },
    keys: () => [...positions.keys()],
  };
}

async function read(tx: Sql, wanted: readonly WantedEvents[]): Promise<number[][]> {
  const [people, names] = [positionsIn<string>(), positionsIn<string>()];
  const positions = wanted.map(({ person, name, depth }) => ({
    person: people.of(person.id),
    name: names.of(name),
    depth,
  }));
  return loadInstants(tx, { personIds: people.keys(), names: names.keys(), wanted: positions });
}

/** @param peopleMax people who are remembered, the last met; about 1.5 kB each */
export function makeRecentEvents(peopleMax: number): RecentEvents {
  const known = new Map<string, Entry>();

  const entryOf = ({ id, eventsVersion }: WantedEvents['person']): Entry => {
    const found = known.get(id);
    const entry =
      found?.isSettled === true && found.version === eventsVersion
        ? found
        : { version: eventsVersion, isSettled: true, byName: new Map<string, Newest>() };
    // To the end, for the first is the first to be forgotten.
    known.delete(id);
    known.set(id, entry);
    const [oldest] = known.keys();
    if (known.size > peopleMax && oldest !== undefined) known.delete(oldest);
    return entry;
  };

  return {
    load: async (tx, wanted) => {
      const entries = new Map<string, Entry>();
      const missing: { readonly index: number; readonly entry: Entry; readonly one: WantedEvents }[] = [];
      const instants = wanted.map((one, index): readonly number[] => {
        const entry = entries.get(one.person.id) ?? entryOf(one.person);
        entries.set(one.person.id, entry);
        const newest = entry.byName.get(one.name);
        if (newest !== undefined && (newest.depth >= one.depth || newest.instants.length < newest.depth))
          return newest.instants;
        missing.push({ index, entry, one });
        return [];
      });
      if (missing.length === 0) return instants;
      const found = await read(
        tx,
        missing.map(({ one }) => one),
      );
      for (const [position, { index, entry, one }] of missing.entries()) {
        const newest = { depth: one.depth, instants: found[position] ?? [] };
        entry.byName.set(one.name, newest);
        instants[index] = newest.instants;
      }
      return instants;
    },

    adding: (events) => {
      const touched = new Map<string, Entry>();
      for (const { personId, event } of events) {
        const entry = known.get(personId);
        if (entry === undefined) continue;
        if (!touched.has(personId)) {
          // Two transactions in a row, and the outcome of the first is not known yet: read it again.
          if (!entry.isSettled) {
            known.delete(personId);
            continue;
          }
          entry.version += 1;
          entry.isSettled = false;
          touched.set(personId, entry);
        }
        const newest = entry.byName.get(event.name);
        if (newest !== undefined) entry.byName.set(event.name, withInstant(newest, event.occurredAt));
      }
      return (hasCommitted) => {
        for (const [personId, entry] of touched) {
          // If somebody who decided in between has read it anew, this one is no longer there, and the new one is right.
          if (hasCommitted) entry.isSettled = true;
          else known.delete(personId);
        }
      };
    },
  };
}
