/** What was waited for did not come in time. */
export class TimeLimitError extends Error {
  override name = 'TimeLimitError';
}

/** Gives up waiting after `limitMs`; the work itself goes on. @throws TimeLimitError, or what the work throws in time */
export async function withinMs<T>(limitMs: number, work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const limit = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new TimeLimitError(`nothing came within ${limitMs} ms`)), limitMs);
  });
  try {
    return await Promise.race([work, limit]);
  } finally {
    clearTimeout(timer);
  }
}
