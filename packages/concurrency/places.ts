/** There is no place: the line is full, or it did not move in time. Nothing of the work was begun. */
export class Busy extends Error {
  override name = 'Busy';
}

export type PlacesOptions = {
  /** Pieces of work with the same key that run at the same time. */
  readonly atOnce: number;
  /** How many wait for a place of one key; any number unless given. */
  readonly lineMax?: number;
  /** How long one waits (ms); for ever unless given. */
  readonly waitMs?: number;
};

/**
 * Runs work when there is a place for it, in the order of asking.
 * @param key each has places of its own; all work shares them where none is given
 * @throws Busy when the line is full or does not move
 */
export type Places = <T>(work: () => Promise<T>, key?: string) => Promise<T>;

type Room = { taken: number; readonly line: Set<() => void> };

export function makePlaces({ atOnce, lineMax = Infinity, waitMs }: PlacesOptions): Places {
  const rooms = new Map<string, Room>();

  const take = (key: string): Promise<void> | undefined => {
    const room = rooms.get(key) ?? { taken: 0, line: new Set() };
    rooms.set(key, room);
    if (room.taken < atOnce) {
      room.taken += 1;
      return undefined;
    }
    if (room.line.size >= lineMax) throw new Busy('too many wait already');
    return waitIn(room.line, waitMs);
  };

  const giveBack = (key: string): void => {
    const room = rooms.get(key);
    if (room === undefined) return;
    const [next] = room.line;
    if (next !== undefined) {
      // The place goes on to the first of the line; it is never seen free in between.
      room.line.delete(next);
      return next();
    }
    room.taken -= 1;
    if (room.taken === 0) rooms.delete(key);
  };

  return async (work, key = '') => {
    // Work begins a microtask later, even where a place is free: what comes in the same turn is there by then.
    await take(key);
    try {
      return await work();
    } finally {
      giveBack(key);
    }
  };
}

function waitIn(line: Set<() => void>, waitMs: number | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    let timer: NodeJS.Timeout | undefined;
    const enter = (): void => {
      clearTimeout(timer);
      resolve();
    };
    line.add(enter);
    if (waitMs === undefined) return;
    timer = setTimeout(() => {
      line.delete(enter);
      reject(new Busy('waited too long'));
    }, waitMs);
  });
}

/** One piece of work at a time, in the order of asking. */
export type Turns = <T>(work: () => Promise<T>) => Promise<T>;

export const makeTurns = (): Turns => makePlaces({ atOnce: 1 });
