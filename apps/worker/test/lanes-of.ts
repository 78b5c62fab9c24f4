import type { DatabaseFailure } from '#database';
import { type Lanes, type LanesOptions, makeGate, makeLanes } from '../lanes';

/** A failure of the database, of the kind that it names. */
export class Failure extends Error {
  readonly failure: DatabaseFailure;
  constructor(failure: DatabaseFailure) {
    super(failure);
    this.failure = failure;
  }
}

/** Two lanes of numbers, which a test changes as it needs. */
export function lanesOf(
  options: Partial<LanesOptions<number>> & Pick<LanesOptions<number>, 'run'>,
): Lanes<number> {
  return makeLanes<number>({
    gates: [makeGate(), makeGate()],
    groupMax: 1000,
    laneOf: (item) => item,
    paced: true,
    bury: async () => undefined,
    classify: (error) => (error instanceof Failure ? error.failure : 'bug'),
    onTrouble: () => undefined,
    ...options,
  });
}

export const range = (from: number, to: number): number[] =>
  Array.from({ length: to - from }, (_none, index) => from + index);
