type Learn = (hasCommitted: boolean) => void;

/**
 * Registers a memory of what a transaction reads or writes. It is told once how the transaction ended: true when it has
 * committed; false when it has not, or when the answer to the commit was lost and nobody knows.
 */
export type Afterwards = (learn: Learn) => void;

/** Runs a transaction, and then tells all that registered how it ended. @throws what the transaction throws */
export async function withAfterwards<T>(run: (afterwards: Afterwards) => Promise<T>): Promise<T> {
  const registered: Learn[] = [];
  let isOver = false;
  let hasCommitted = false;
  try {
    const result = await run((learn) => {
      // Work may go on for a moment after its transaction was given up for taking too long.
      if (isOver) learn(false);
      else registered.push(learn);
    });
    hasCommitted = true;
    return result;
  } finally {
    isOver = true;
    for (const learn of registered) learn(hasCommitted);
  }
}
