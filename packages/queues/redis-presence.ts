import type { Cluster, Redis } from 'ioredis';

/** Asks Redis something. Rejects at once while it is away, and when the connection goes before the answer. */
export type AskRedis = <T>(ask: () => Promise<T>) => Promise<T>;

/** Without it a command waits for the reconnection, however long that takes. */
export function makeAskRedis(client: Redis | Cluster): AskRedis {
  let isAway = false;
  client.on('ready', () => {
    isAway = false;
  });
  client.on('close', () => {
    isAway = true;
  });
  return async (ask) => {
    if (isAway) throw new Error('Redis is away');
    let leave = (): void => {};
    const gone = new Promise<never>((_resolve, reject) => {
      leave = () => reject(new Error('Redis is away'));
      client.once('close', leave);
    });
    try {
      return await Promise.race([ask(), gone]);
    } finally {
      client.off('close', leave);
    }
  };
}
