import { type Afterwards, loadInstants, type LockedPerson, type Sql, type StoredEvent } from '#database';

/** Events of one name of a locked person: the newest `depth`. */
export type WantedEvents = {
  readonly person: Pick<LockedPerson, 'id' | 'eventsVersion'>;
  readonly name: string;
  readonly depth: number;
};

/** Newest first (epoch ms). Shorter than `depth`: there are no others. */
type Newest = { readonly depth: number; readonly instants: readonly number[] };

type Entry = {
  /** The person's `eventsVersion` for which this holds, once it is settled. */
  version: number;
  /** False while the transaction that stores the last of it is not known to have committed. */
  isSettled: boolean;
  /** Whether all of the person's events are in it, for it began with their first: of other names there are none. */
  readonly isWhole: boolean;
  readonly byName: Map<string, Newest>;
};

/**
 * What a process remembers of people's newest events, so that somebody who does one thing after the other has them read
 * once. An entry counts only while the person's `eventsVersion`, read under the lock, is what it was: a transaction that
 * stores events raises it, and this process then keeps up with what it stores itself. What moves or removes events of a
 * person must raise it too.
 */
export type RememberedEvents = {
  /** The instants (epoch ms, newest first) of what is wanted, in its order, at least as deep: remembered, or read. */
  readonly load: (tx: Sql, wanted: readonly WantedEvents[]) => Promise<(readonly number[])[]>;
  /**
   * Adds events that a transaction stores, which holds the locks of their people.
   * @param newcomers the people without any stored event, ever
   */
  readonly add: (
    events: readonly StoredEvent[],
    newcomers: ReadonlySet<string>,
    afterwards: Afterwards,
  ) => void;
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

/** Reads what is wanted, in its order, and keeps nothing. */
export async function readEvents(tx: Sql, wanted: readonly WantedEvents[]): Promise<(readonly number[])[]> {
  if (wanted.length === 0) return [];
  const [people, names] = [positionsIn<string>(), positionsIn<string>()];
  const positions = wanted.map(({ person, name, depth }) => ({
    person: people.of(person.id),
    name: names.of(name),
    depth,
  }));
  return loadInstants(tx, { personIds: people.keys(), names: names.keys(), wanted: positions });
}

/** Deeper lists are read each time: few segments need that many events, and one list would take as much as a hundred. */
const REMEMBERED_DEPTH_MAX = 64;

/** What is known of a name without events. Few segments look further back than this many. */
const NONE: Newest = { depth: 16, instants: [] };

/**
 * @param listsMax lists that are remembered, one for each person and name; about 150 bytes each. People who were met
 *   longest ago are forgotten first.
 */
export function makeRememberedEvents(listsMax: number): RememberedEvents {
  const known = new Map<string, Entry>();
  /** The lists, and one more for each person. */
  let size = 0;

  const forget = (id: string): void => {
    const entry = known.get(id);
    if (entry === undefined) return;
    size -= entry.byName.size + 1;
    known.delete(id);
  };

  const entryOf = ({ id, eventsVersion }: WantedEvents['person']): Entry => {
    const found = known.get(id);
    if (found?.isSettled === true && found.version === eventsVersion) {
      // Moves it to the end: the first one is forgotten first.
      known.delete(id);
      known.set(id, found);
      return found;
    }
    forget(id);
    const entry = {
      version: eventsVersion,
      isSettled: true,
      isWhole: false,
      byName: new Map<string, Newest>(),
    };
    known.set(id, entry);
    size += 1;
    return entry;
  };

  const remember = (entry: Entry, { person, name }: WantedEvents, newest: Newest): void => {
    // It may have been forgotten, or replaced, while its list was read.
    if (newest.depth > REMEMBERED_DEPTH_MAX || known.get(person.id) !== entry) return;
    if (!entry.byName.has(name)) size += 1;
    entry.byName.set(name, newest);
  };

  /** Everything is known of a person without any stored event, ever. */
  const beginWith = (personId: string): void => {
    forget(personId);
    known.set(personId, { version: 0, isSettled: true, isWhole: true, byName: new Map() });
    size += 1;
  };

  const makeRoom = (): void => {
    for (const id of known.keys()) {
      if (size <= listsMax) return;
      forget(id);
    }
  };

  return {
    load: async (tx, wanted) => {
      const entries = new Map<string, Entry>();
      const missing: { readonly index: number; readonly entry: Entry; readonly one: WantedEvents }[] = [];
      const instants = wanted.map((one, index): readonly number[] => {
        const entry = entries.get(one.person.id) ?? entryOf(one.person);
        entries.set(one.person.id, entry);
        const newest = entry.byName.get(one.name) ?? (entry.isWhole ? NONE : undefined);
        if (newest !== undefined && (newest.depth >= one.depth || newest.instants.length < newest.depth))
          return newest.instants;
        missing.push({ index, entry, one });
        return [];
      });
      if (missing.length === 0) return instants;
      const found = await readEvents(
        tx,
        missing.map(({ one }) => one),
      );
      for (const [position, { index, entry, one }] of missing.entries()) {
        const newest = { depth: one.depth, instants: found[position] ?? [] };
        remember(entry, one, newest);
        instants[index] = newest.instants;
      }
      makeRoom();
      return instants;
    },

    add: (events, newcomers, afterwards) => {
      const touched = new Map<string, Entry>();
      for (const { personId, event } of events) {
        if (newcomers.has(personId) && !touched.has(personId)) beginWith(personId);
        const entry = known.get(personId);
        if (entry === undefined) continue;
        if (!touched.has(personId)) {
          // The outcome of an earlier transaction is not known yet: the entry is read again.
          if (!entry.isSettled) {
            forget(personId);
            continue;
          }
          entry.version += 1;
          entry.isSettled = false;
          touched.set(personId, entry);
        }
        const newest = entry.byName.get(event.name) ?? (entry.isWhole ? NONE : undefined);
        if (newest === NONE) size += 1;
        if (newest !== undefined) entry.byName.set(event.name, withInstant(newest, event.occurredAt));
      }
      makeRoom();
      afterwards((hasCommitted) => {
        for (const [personId, entry] of touched) {
          // A decision in between may have read it anew. Then this entry is no longer there, and the new one is right.
          if (hasCommitted) entry.isSettled = true;
          else forget(personId);
        }
      });
    },
  };
}
