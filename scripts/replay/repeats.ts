/** Bits for each expected row: with 4 probes one new row in 80 looks like a repeated one, and is counted exactly. */
const BITS_PER_ROW = 10;
const PROBES = 4;
const FILTER_BYTES_MIN = 1_024;
const FILTER_BYTES_MAX = 128 * 1_048_576;

/**
 * Tells the first, second, third … of identical rows apart in bounded memory: a first pass over the file finds the
 * fingerprints that may occur more than once (a Bloom filter: all that do, and a few that don't), a second pass counts
 * those alone.
 */
export type Repeats = {
  /** First pass: a row with this fingerprint (16 bytes of a hash). */
  note(fingerprint: Buffer): void;
  /** Second pass: how many rows with this fingerprint there were up to this one, from 1. */
  occurrence(fingerprint: Buffer): number;
};

/** @param expectedRows about as many; more than that cost memory, and nothing else */
export function makeRepeats(expectedRows: number): Repeats {
  const bytes = Math.ceil((expectedRows * BITS_PER_ROW) / 8);
  const filter = new Uint8Array(Math.min(FILTER_BYTES_MAX, Math.max(FILTER_BYTES_MIN, bytes)));
  const bits = filter.length * 8;
  const counts = new Map<string, number>();

  const wasThere = (fingerprint: Buffer): boolean => {
    let known = true;
    for (let probe = 0; probe < PROBES; probe += 1) {
      const bit = fingerprint.readUInt32LE(probe * 4) % bits;
      const mask = 1 << (bit & 7);
      const byte = filter[bit >> 3] ?? 0;
      if ((byte & mask) === 0) known = false;
      filter[bit >> 3] = byte | mask;
    }
    return known;
  };
  return {
    note(fingerprint) {
      if (wasThere(fingerprint)) counts.set(fingerprint.toString('base64url'), 0);
    },
    occurrence(fingerprint) {
      if (counts.size === 0) return 1;
      const key = fingerprint.toString('base64url');
      const before = counts.get(key);
      if (before === undefined) return 1;
      counts.set(key, before + 1);
      return before + 1;
    },
  };
}

/** The message id of the nth event with a fingerprint: the same at any time and from any file. */
export function messageIdOf(fingerprint: Buffer, occurrence: number): string {
  const id = `replay-${fingerprint.toString('base64url')}`;
  return occurrence === 1 ? id : `${id}-${occurrence}`;
}
