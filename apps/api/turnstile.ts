import { Problem } from './http/problem';

/** Lets in a few at a time; whoever comes then waits in line, for a while. */
export type Turnstile = {
  /** Runs `work` when it is its turn. @throws Problem 503 when the line is too long, or does not move */
  readonly pass: <T>(work: () => Promise<T>) => Promise<T>;
};

type Limits = {
  readonly atOnce: number;
  readonly lineMax: number;
  /** How long somebody waits in line. */
  readonly waitMs: number;
};

const RETRY_AFTER_S = 5;

function busy(): Problem {
  return new Problem(503, {
    detail: 'Too many reads over many people at once; try again later.',
    headers: { 'Retry-After': String(RETRY_AFTER_S) },
  });
}

export function makeTurnstile({ atOnce, lineMax, waitMs }: Limits): Turnstile {
  let inside = 0;
  const line = new Set<() => void>();

  const wait = (): Promise<void> =>
    new Promise((resolve, reject) => {
      const enter = (): void => {
        clearTimeout(timer);
        resolve();
      };
      const timer = setTimeout(() => {
        line.delete(enter);
        reject(busy());
      }, waitMs);
      line.add(enter);
    });

  /** The place of whoever leaves goes to the next in line. */
  const leave = (): void => {
    const [next] = line;
    if (next === undefined) {
      inside -= 1;
      return;
    }
    line.delete(next);
    next();
  };

  return {
    pass: async (work) => {
      if (inside < atOnce) inside += 1;
      else if (line.size >= lineMax) throw busy();
      else await wait();
      try {
        return await work();
      } finally {
        leave();
      }
    },
  };
}
