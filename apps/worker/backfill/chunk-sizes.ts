// An event about somebody in a chunk waits for the chunk, with all that is in its group: a chunk is as many people as
// are done in that time. Below some hundreds, what a chunk costs in itself would outweigh the people.
const CHUNK_TARGET_MS = 250;
const CHUNK_PEOPLE = { first: 1000, least: 500, most: 5000 } as const;

/** How many people the next chunk of a range takes. */
export type ChunkSizes = {
  readonly next: () => number;
  /** A chunk of this size was decided. */
  readonly decided: (size: number, elapsedMs: number) => void;
  /** A chunk of this size was refused: halves are tried until one person stands alone. */
  readonly refused: (size: number) => void;
  /** No person ahead is suspected any more. */
  readonly cleared: () => void;
};

/** Begins with the chunks of a range. */
export function makeChunkSizes(): ChunkSizes {
  let size: number = CHUNK_PEOPLE.first;
  /** So many people ahead hold one who was refused; 0: nobody is known to. */
  let suspects = 0;
  return {
    next: () => (suspects === 0 ? size : Math.ceil(suspects / 2)),
    decided: (done, elapsedMs) => {
      if (suspects > 0) {
        suspects = Math.max(0, suspects - done);
        return;
      }
      const factor = Math.min(2, Math.max(0.5, CHUNK_TARGET_MS / Math.max(elapsedMs, 1)));
      size = Math.min(CHUNK_PEOPLE.most, Math.max(CHUNK_PEOPLE.least, Math.round(done * factor)));
    },
    refused: (tried) => {
      suspects = tried;
    },
    cleared: () => {
      suspects = 0;
    },
  };
}
