import { Cluster, type Redis } from 'ioredis';
import { listenTo, tellListeners } from '#database';

type Pool = Parameters<typeof listenTo>[0];

/**
 * How worker and API tell dispatchers of a commit with deliveries. A wake-up is no job, for the deliveries themselves wait
 * in the database: one that is lost costs a second, until the relay looks by itself. A job would cost 57 commands of
 * Redis and 2 ms.
 */
export type WakeUps = {
  /** @param destination the kind of destination that has something to send */
  readonly tell: (destination: string) => Promise<void>;
  /** Every process that listens hears of every wake-up while it is connected. */
  readonly listen: (onDestination: (destination: string) => void) => { readonly close: () => Promise<void> };
};

const CHANNEL = 'deliveries';

/** @param client of the process; what listens has a connection of its own */
export function redisWakeUps(client: Redis | Cluster, onError: (error: Error) => void): WakeUps {
  // Channels are those of the server: engines in two of its databases must not wake each other.
  const channel = `${CHANNEL}:${client instanceof Cluster ? 0 : (client.options.db ?? 0)}`;
  return {
    tell: async (destination) => {
      await client.publish(channel, destination);
    },
    listen: (onDestination) => {
      const listener = client instanceof Cluster ? client.duplicate() : client.duplicate();
      listener.on('error', onError);
      listener.on('message', (_channel: string, destination: string) => onDestination(destination));
      // It subscribes again after each reconnection.
      listener.subscribe(channel).catch(onError);
      return { close: async () => listener.disconnect() };
    },
  };
}

export function postgresWakeUps(pool: Pool, onError: (error: Error) => void): WakeUps {
  return {
    tell: (destination) => tellListeners(pool, CHANNEL, destination),
    listen: (onText) => listenTo(pool, CHANNEL, { onText, onError }),
  };
}
