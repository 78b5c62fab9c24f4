import { Problem } from './problem';

/** Lets so many downloads of a kind run at a time. @throws Problem 503 when there are too many */
export function makeDownloadLimit(max: number): <T>(chunks: AsyncIterable<T>) => AsyncGenerator<T> {
  let running = 0;
  return async function* counted(chunks) {
    if (running >= max) {
      throw new Problem(503, {
        detail: `${max} exports run already; try again later.`,
        headers: { 'Retry-After': '10' },
      });
    }
    running += 1;
    try {
      yield* chunks;
    } finally {
      running -= 1;
    }
  };
}
