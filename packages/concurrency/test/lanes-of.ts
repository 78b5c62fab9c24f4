import { type Lanes, type LanesOptions, makeLanes } from '../lanes';
import type { Failure as FailureKind } from '../patience';
import { makeTurns } from '../places';

/** A failure of the kind that it names. */
export class Failure extends Error {
  readonly failure: FailureKind;
  constructor(failure: FailureKind) {
    super(failure);
    this.failure = failure;
  }
}

/** What all lanes of numbers here have in common; two lanes. */
export const numbersInLanes = {
  turns: [makeTurns(), makeTurns()],
  groupMax: 1000,
  laneOf: (item: number) => item,
  paced: true,
  bury: async () => undefined,
  classify: (error: unknown) => (error instanceof Failure ? error.failure : 'bug'),
  onFailure: () => undefined,
} satisfies Omit<LanesOptions<number>, 'run'>;

/** Two lanes of numbers, which a test changes as it needs. */
export function lanesOf(
  options: Partial<LanesOptions<number>> & Pick<LanesOptions<number>, 'run'>,
): Lanes<number> {
  return makeLanes<number>({ ...numbersInLanes, turns: [makeTurns(), makeTurns()], ...options });
}

export const range = (from: number, to: number): number[] =>
  Array.from({ length: to - from }, (_none, index) => from + index);
