type Close = () => Promise<unknown> | void;

/** One list per test file: Jest loads every module anew for each. */
const closers: Close[] = [];

/**
 * Registers what a test file opened. It is closed, last opened first, before `useDatabase` and `useRedis` look for
 * connections that were left open: their hooks run before an `afterAll` that stands further down in the file.
 */
export function closeAtEnd(close: Close): void {
  closers.push(close);
}

/** Closes everything that was registered; all of it, then throws what failed. */
export async function closeEverything(): Promise<void> {
  const errors: unknown[] = [];
  for (let close = closers.pop(); close !== undefined; close = closers.pop()) {
    try {
      await close();
    } catch (error) {
      errors.push(error);
    }
  }
  if (errors.length > 0)
    throw new AggregateError(errors, `could not close: ${errors.map(String).join('; ')}`);
}
