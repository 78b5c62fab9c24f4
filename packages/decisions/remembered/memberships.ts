import { makeBoundedMap } from '#concurrency';
import { type Afterwards, loadOpenMemberships, type LockedPerson, type Sql } from '#database';

/** The segments that a person is in, as the transitions of a decision move them. */
export type Memberships = {
  readonly has: (segmentId: string) => boolean;
  readonly move: (segmentId: string, edge: 'entered' | 'exited') => void;
  /** As they are remembered. */
  readonly packed: () => Packed;
};

/** A character for each segment: remembered by the ten thousands, they must be small. */
type Packed = { readonly alphabet: Alphabet; readonly text: string };

/** Which character stands for which segment. */
type Alphabet = {
  readonly size: () => number;
  readonly known: (segmentId: string) => string | undefined;
  /** The segment's character, a new one if it has none. */
  readonly characterOf: (segmentId: string) => string;
};

// Control characters and Latin are left out to keep what is printed legible. Up to the surrogates a character takes two
// bytes, beyond them four; there are a million of those.
const FIRST_CHARACTER = 256;
const SURROGATES = 0xd800;
const BEYOND_SURROGATES = 0x10000;
const SMALL_CHARACTERS = SURROGATES - FIRST_CHARACTER;

function makeAlphabet(): Alphabet {
  const characters = new Map<string, string>();
  return {
    size: () => characters.size,
    known: (segmentId) => characters.get(segmentId),
    characterOf: (segmentId) => {
      const found = characters.get(segmentId);
      if (found !== undefined) return found;
      const number = characters.size;
      const character = String.fromCodePoint(
        number < SMALL_CHARACTERS ? FIRST_CHARACTER + number : BEYOND_SURROGATES + number - SMALL_CHARACTERS,
      );
      characters.set(segmentId, character);
      return character;
    },
  };
}

function unpack({ alphabet, text }: Packed): Memberships {
  let now = text;
  return {
    has: (segmentId) => {
      const character = alphabet.known(segmentId);
      return character !== undefined && now.includes(character);
    },
    move: (segmentId, edge) => {
      const character = alphabet.characterOf(segmentId);
      now = edge === 'entered' ? now + character : now.replace(character, '');
    },
    packed: () => ({ alphabet, text: now }),
  };
}

async function read(
  tx: Sql,
  people: readonly Pick<LockedPerson, 'id'>[],
  alphabet: Alphabet,
): Promise<(readonly [personId: string, Memberships])[]> {
  if (people.length === 0) return [];
  const found = await loadOpenMemberships(
    tx,
    people.map(({ id }) => id),
  );
  return people.map(({ id }) => {
    const text = (found.get(id) ?? []).map(alphabet.characterOf).join('');
    return [id, unpack({ alphabet, text })];
  });
}

/** Where a person is after a transaction, which raises their version to this one. */
export type KeptMemberships = {
  readonly personId: string;
  readonly membershipsVersion: number;
  readonly memberships: Memberships;
};

/**
 * What a process remembers of people's memberships. An entry counts only while the person's `membershipsVersion`, read
 * under the lock, is what it was: any transition, by any process, raises it.
 */
export type RememberedMemberships = {
  /** The memberships of locked people, by person: remembered, or read. */
  readonly load: (tx: Sql, people: readonly LockedPerson[]) => Promise<ReadonlyMap<string, Memberships>>;
  /** Remembers what a transaction leaves, once it has committed. */
  readonly keep: (people: readonly KeptMemberships[], afterwards: Afterwards) => void;
};

/** Reads the memberships of people, and keeps nothing. */
export const readMemberships: RememberedMemberships['load'] = async (tx, people) =>
  new Map(await read(tx, people, makeAlphabet()));

/**
 * @param peopleMax people who are remembered; about 200 bytes each
 * @param segmentsMax segments that are told apart, of all that people were in since the start, archived ones included.
 *   Beyond it everything is forgotten and the alphabet begins anew.
 */
export function makeRememberedMemberships(
  peopleMax: number,
  segmentsMax = SMALL_CHARACTERS,
): RememberedMemberships {
  const forgotten = () =>
    makeBoundedMap<string, { readonly version: number; readonly text: string }>(peopleMax);
  let known = forgotten();
  let current = makeAlphabet();

  const textOf = ({ id, membershipsVersion }: LockedPerson): string | undefined => {
    const entry = known.get(id);
    return entry?.version === membershipsVersion ? entry.text : undefined;
  };

  return {
    load: async (tx, people) => {
      if (current.size() >= segmentsMax) {
        current = makeAlphabet();
        known = forgotten();
      }
      // A decision that goes on meanwhile keeps the alphabet that it began with.
      const alphabet = current;
      const memberships = new Map<string, Memberships>();
      const unknown: LockedPerson[] = [];
      for (const person of people) {
        // A person whose version was never raised has never been anywhere: nobody is looked up at their first decision.
        const text = person.membershipsVersion === 0 ? '' : textOf(person);
        if (text !== undefined) memberships.set(person.id, unpack({ alphabet, text }));
        else unknown.push(person);
      }
      for (const [id, one] of await read(tx, unknown, alphabet)) memberships.set(id, one);
      return memberships;
    },
    keep: (people, afterwards) =>
      afterwards((hasCommitted) => {
        if (!hasCommitted) return;
        for (const { personId, membershipsVersion: version, memberships } of people) {
          const { alphabet, text } = memberships.packed();
          if (alphabet === current) known.set(personId, { version, text });
        }
      }),
  };
}
