import { v7 as uuidv7 } from 'uuid';
import {
  advancePart,
  type Database,
  type EvaluationPart,
  type EvaluationRow,
  insertDeadPerson,
  inTransaction,
  lockChunk,
} from '#database';
import type { Counters, Log } from '#runtime';
import { reasonOf } from '../set-aside';

/** Another worker advanced the range, or the run has ended: this one has lost its place. */
export class LostPlaceError extends Error {
  override name = 'LostPlaceError';
}

/** More people than this are not refused for their own data: the run is at fault, and fails. */
const REFUSED_MAX = 1000;

/**
 * Sets the next person of a range aside, who could not be decided on, and goes on behind them.
 * @returns where the range goes on; null when this was its last person
 * @throws LostPlaceError
 * @throws the error itself when it is not about a person: there is none, or there have been too many
 */
export async function passOver(
  { db, counters, log }: { readonly db: Database; readonly counters: Counters; readonly log: Log },
  run: EvaluationRow,
  part: EvaluationPart,
  error: unknown,
): Promise<EvaluationPart | null> {
  const passed = await inTransaction(db, async (tx) => {
    const chunk = await lockChunk(tx, part, 1);
    const personId = chunk.last;
    if (personId === null) throw error;
    const isDone = personId === part.lastPerson;
    const counts = { evaluated: 1, entered: 0, exited: 0, refused: 1 };
    const refused = await advancePart(tx, part, { cursor: personId, isDone, ...counts });
    if (refused === null) throw new LostPlaceError('the run is elsewhere by now');
    if (refused > REFUSED_MAX) throw error;
    const dead = { id: uuidv7(), stage: 'backfill', personId, evaluationId: run.id } as const;
    await insertDeadPerson(tx, { ...dead, error: reasonOf(error) });
    return { personId, isDone };
  });
  counters.add('dead_events_total', {}, 1);
  const about = { stage: 'backfill', evaluationId: run.id, personId: passed.personId, err: error };
  log.error(about, 'a person could not be decided on and was set aside');
  return passed.isDone ? null : { ...part, cursor: passed.personId };
}
