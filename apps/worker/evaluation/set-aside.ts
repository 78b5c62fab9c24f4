import { v7 as uuidv7 } from 'uuid';
import { type Database, insertDeadPerson, putDeadlineOff } from '#database';
import type { Counters, Log } from '#runtime';
import { failureOf } from '#queues';
import { reasonOf } from '../set-aside';
import type { PersonChange } from './decide-changes';

export type SetAside = { readonly db: Database; readonly counters: Counters; readonly log: Log };

/**
 * When somebody who could not be decided on, and whose deadline may have passed, is tried by the timers again (ms): at
 * once they would be refused again and again, and keep the place of others who are due.
 */
const TRIED_AGAIN_MS = 3_600_000;

/** Sets a person aside who could not be decided on, so that the others of the group are. */
export async function setAside(
  { db, counters, log }: SetAside,
  { personId }: Pick<PersonChange, 'personId'>,
  error: unknown,
): Promise<void> {
  await insertDeadPerson(db, { id: uuidv7(), stage: 'evaluation', personId, error: reasonOf(error) });
  await putDeadlineOff(db, personId, TRIED_AGAIN_MS).catch((refused: unknown) => {
    // Their row may be what the database refuses; they are set aside all the same.
    if (failureOf(refused) !== 'data') throw refused;
  });
  counters.add('dead_events_total', {}, 1);
  log.error(
    { stage: 'evaluation', personId, err: error },
    'a person could not be decided on and was set aside',
  );
}
