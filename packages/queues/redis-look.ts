import type { Cluster, Redis } from 'ioredis';

/**
 * Makes a look at Redis that fails at once while it is away. A command would wait for the reconnection: that of a look
 * is given up with the connection.
 */
export function makeRedisLook(client: Redis | Cluster): () => Promise<void> {
  let isAway = false;
  client.on('ready', () => {
    isAway = false;
  });
  client.on('close', () => {
    isAway = true;
  });
  return async () => {
    if (isAway) throw new Error('Redis is away');
    let leave = (): void => {};
    const gone = new Promise<never>((_resolve, reject) => {
      leave = () => reject(new Error('Redis is away'));
      client.once('close', leave);
    });
    try {
      await Promise.race([client.exists('{events}:events:meta'), gone]);
    } finally {
      client.off('close', leave);
    }
  };
}
