import { findUnreached, type Sql } from '#database';
import type { Definitions } from './definitions';
import type { Transition } from './transitions';

/** Whether a transition sets off automations. */
export type Fires = (transition: Transition) => boolean;

export const always: Fires = () => true;
export const never: Fires = () => false;

/**
 * An edit may move people without setting off automations. An event that reaches a person first must not set them off
 * instead: until the edit's run has reached the person, their transitions in its segment, and in those that read it,
 * fire nothing. What their own event would have caused can't be told apart by then.
 * @param personIds people who are locked
 */
export async function firesUntilReached(
  tx: Sql,
  personIds: readonly string[],
  definitions: Definitions,
): Promise<Fires> {
  const silent = new Set<string>();
  for (const { personId, segmentId } of await findUnreached(tx, personIds)) {
    for (const id of [segmentId, ...definitions.dependentsOf(segmentId).map((reader) => reader.id)])
      silent.add(`${personId} ${id}`);
  }
  return ({ personId, segment }) => !silent.has(`${personId} ${segment.id}`);
}
