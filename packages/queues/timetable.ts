import type { Producer } from './produce';

/** The one timetable there is, however many workers keep it. */
const TIMETABLE = 'evaluate-everybody';

/**
 * Sees to it that the `schedule` queue gets a job at each time of a cron expression (UTC), or none. Repeating it, in any
 * process, changes nothing. A time that passes while no worker runs is made up for once.
 * @param cron null: no timetable
 */
export async function keepTimetable(
  { queueOf }: Pick<Producer, 'queueOf'>,
  cron: string | null,
): Promise<void> {
  const queue = queueOf('schedule');
  if (cron === null) {
    await queue.removeJobScheduler(TIMETABLE);
    return;
  }
  // Setting it anew would drop a job that is due.
  const kept = await queue.getJobScheduler(TIMETABLE);
  if (kept?.pattern === cron) return;
  await queue.upsertJobScheduler(TIMETABLE, { pattern: cron, tz: 'UTC' }, { name: 'schedule', data: {} });
}
