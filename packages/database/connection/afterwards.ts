/**
 * Registers somebody who remembers what a transaction reads or writes. They are told once how it ended: true when it has
 * committed; false when it has not, or when the answer to the commit was lost and nobody knows.
 */
export type Afterwards = (learn: (hasCommitted: boolean) => void) => void;

/** Runs a transaction, and then tells all who registered how it ended. @throws what the transaction throws */
export async function withAfterwards<T>(run: (afterwards: Afterwards) => Promise<T>): Promise<T> {
  const learners: ((hasCommitted: boolean) => void)[] = [];
  let hasCommitted = false;
  try {
    const result = await run((learn) => learners.push(learn));
    hasCommitted = true;
    return result;
  } finally {
    for (const learn of learners) learn(hasCommitted);
  }
}
