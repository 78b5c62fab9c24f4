import { Pool } from 'undici';

/** Posts JSON over kept connections. Resolves with the status when the answer is read. */
export type Post = (path: string, body: unknown) => Promise<number>;

/**
 * The loader runs beside what it measures: undici's client, without `fetch`, takes a third of the CPU of Node's own.
 * @param connections at most so many at the same time; further posts wait for one
 */
export function makePost(
  url: string,
  connections: number,
): { readonly post: Post; readonly close: () => void } {
  const pool = new Pool(url, { connections });
  const headers = { 'content-type': 'application/json' };
  const post: Post = async (path, body) => {
    const answer = await pool.request({ path, method: 'POST', headers, body: JSON.stringify(body) });
    await answer.body.dump();
    return answer.statusCode;
  };
  return { post, close: () => void pool.destroy() };
}

/** Runs `work` for every item, so many at a time, and throws at the first answer that is not 202. */
export async function inParallel<T>(
  items: readonly T[],
  width: number,
  work: (item: T) => Promise<number>,
): Promise<void> {
  let next = 0;
  const lane = async (): Promise<void> => {
    for (let item = items[next++]; item !== undefined; item = items[next++]) {
      const status = await work(item);
      if (status !== 202) throw new Error(`answered ${status}`);
    }
  };
  await Promise.all(Array.from({ length: width }, lane));
}
