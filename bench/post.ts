import { Agent, request } from 'node:http';

/** Posts JSON over kept connections. Resolves with the status when the answer is read. */
export type Post = (path: string, body: unknown) => Promise<number>;

/** @param connections at most so many at the same time; further posts wait for one */
export function makePost(
  url: string,
  connections: number,
): { readonly post: Post; readonly close: () => void } {
  const agent = new Agent({ keepAlive: true, maxSockets: connections });
  const post: Post = (path, body) =>
    new Promise((resolve, reject) => {
      const payload = Buffer.from(JSON.stringify(body));
      const headers = { 'content-type': 'application/json', 'content-length': payload.length };
      const sent = request(`${url}${path}`, { method: 'POST', agent, headers }, (answer) => {
        answer.resume();
        answer.on('end', () => resolve(answer.statusCode ?? 0));
      });
      sent.on('error', reject);
      sent.end(payload);
    });
  return { post, close: () => agent.destroy() };
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
