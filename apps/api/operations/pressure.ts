import { statfs } from 'node:fs/promises';
import type { Backlog } from '#queues';
import { type Closable, makeSampler } from '#runtime';

/** Why no events are taken now, and when it is worth to ask again; null while they are. */
export type Pressure = { readonly reason: string; readonly retryAfterS: number } | null;

/** Bounds of what is taken in. */
export type PressureLimits = {
  /** Events that may wait. */
  readonly backlogMaxEvents: number;
  readonly minFreeDiskMb: number;
  /** Where the embedded database keeps its files; null where the database is somebody else's. */
  readonly dataFolder: string | null;
};

const EVERY_MS = 1000;
/** Counting costs milliseconds; under load the answer may take its time. */
const LIMIT_MS = 5000;
/** What `Retry-After` says where nothing tells how long it will take (s), and at least and at most. */
const UNKNOWN_S = 30;
const RETRY_S = { least: 1, most: 300 } as const;
/** Looks over which the pace is measured at which the backlog shrinks. */
const PACE_LOOKS = 10;

type Look = { readonly atMs: number; readonly events: number };

/** Seconds until the backlog is below its bound, if it goes on shrinking as fast as it did. */
export function secondsUntil(looks: readonly Look[], backlogMaxEvents: number): number {
  const [first] = looks;
  const last = looks.at(-1);
  if (first === undefined || last === undefined) return UNKNOWN_S;
  const perSecond = ((first.events - last.events) * 1000) / Math.max(1, last.atMs - first.atMs);
  if (perSecond <= 0) return UNKNOWN_S;
  const seconds = Math.ceil((last.events - backlogMaxEvents) / perSecond);
  return Math.min(RETRY_S.most, Math.max(RETRY_S.least, seconds));
}

/** Megabytes that an ordinary account may still write in a folder's file system; null where nobody can tell. */
async function freeDiskMb(folder: string | null): Promise<number | null> {
  if (folder === null) return null;
  return statfs(folder).then(
    ({ bavail, bsize }) => (bavail * bsize) / 2 ** 20,
    () => null,
  );
}

/** Looks once a second in the background whether there is room for more. */
export function watchPressure(
  backlog: () => Promise<Backlog>,
  { backlogMaxEvents, minFreeDiskMb, dataFolder }: PressureLimits,
): Closable & { readonly now: () => Pressure } {
  let looks: Look[] = [];
  const look = async (): Promise<Pressure> => {
    const freeMb = await freeDiskMb(dataFolder);
    if (freeMb !== null && freeMb < minFreeDiskMb) {
      return { reason: 'The disk of the database is nearly full.', retryAfterS: UNKNOWN_S };
    }
    const { events } = await backlog();
    looks = [...looks.slice(1 - PACE_LOOKS), { atMs: performance.now(), events }];
    if (events <= backlogMaxEvents) return null;
    return {
      reason: 'More events wait than can be worked on soon.',
      retryAfterS: secondsUntil(looks, backlogMaxEvents),
    };
  };
  const sampler = makeSampler({
    name: 'the look at the backlog',
    everyMs: EVERY_MS,
    limitMs: LIMIT_MS,
    look,
  });
  return {
    name: sampler.name,
    now: () => {
      const known = sampler.known();
      // A look that failed says nothing: the queue itself refuses what it can't take.
      return known?.ok === true ? known.value : null;
    },
    close: () => sampler.close(),
  };
}
