import { loadOpenStays, type LockedPerson, type Sql } from '#database';

/** The segments that a person is in, a character each: remembered by the ten thousands, they must be small. */
export type Stays = string;

// Control characters and Latin are left out to keep what is printed legible; the last is before the surrogates.
const FIRST_CHARACTER = 256;
const LAST_CHARACTER = 0xd7ff;

/** Where one person is, as the transitions of a decision move them. */
export type Whereabouts = {
  readonly has: (segmentId: string) => boolean;
  readonly move: (segmentId: string, edge: 'entered' | 'exited') => void;
  readonly stays: () => Stays;
};

/**
 * What a process remembers of where people are. An entry counts only while the person's `staysVersion`, read under the
 * lock, is what it was: any transition, by whatever process, raises it.
 */
export type StaysCache = {
  readonly whereabouts: (stays: Stays) => Whereabouts;
  /** Where locked people are, by person: remembered, or read. */
  readonly load: (tx: Sql, people: readonly LockedPerson[]) => Promise<Map<string, Stays>>;
  /** Called after the commit of what led to it. */
  readonly remember: (personId: string, version: number, stays: Stays) => void;
};

/** @param peopleMax people who are remembered; about 200 bytes each */
export function makeStaysCache(peopleMax: number): StaysCache {
  const known = new Map<string, { version: number; stays: Stays }>();
  const characters = new Map<string, string>();

  const characterOf = (segmentId: string): string => {
    const found = characters.get(segmentId);
    if (found !== undefined) return found;
    const code = FIRST_CHARACTER + characters.size;
    if (code > LAST_CHARACTER) throw new Error('more segments than a process can tell apart: restart it');
    const character = String.fromCharCode(code);
    characters.set(segmentId, character);
    return character;
  };

  return {
    whereabouts: (stays) => {
      let now = stays;
      return {
        has: (segmentId) => now.includes(characterOf(segmentId)),
        move: (segmentId, edge) => {
          const character = characterOf(segmentId);
          now = edge === 'entered' ? now + character : now.replace(character, '');
        },
        stays: () => now,
      };
    },
    load: async (tx, people) => {
      const stays = new Map<string, Stays>();
      const unknown: string[] = [];
      for (const { id, staysVersion } of people) {
        const entry = known.get(id);
        if (entry?.version === staysVersion) stays.set(id, entry.stays);
        else unknown.push(id);
      }
      if (unknown.length === 0) return stays;
      const read = await loadOpenStays(tx, unknown);
      for (const id of unknown) stays.set(id, (read.get(id) ?? []).map(characterOf).join(''));
      return stays;
    },
    remember: (personId, version, stays) => {
      if (peopleMax === 0) return;
      if (known.size >= peopleMax && !known.has(personId)) {
        const [oldest] = known.keys();
        if (oldest !== undefined) known.delete(oldest);
      }
      known.set(personId, { version, stays });
    },
  };
}
