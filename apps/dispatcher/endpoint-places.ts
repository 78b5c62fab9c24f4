/** Bounds how many attempts of an endpoint this process makes at the same time. */
export type EndpointPlaces = {
  /** Runs `attempt` when there is a place for it; those that wait are run in the order of their coming. */
  readonly in: <T>(endpoint: string, attempt: () => Promise<T>) => Promise<T>;
};

type Endpoint = { taken: number; readonly waiting: (() => void)[] };

export function makeEndpointPlaces(max: number): EndpointPlaces {
  const endpoints = new Map<string, Endpoint>();
  const take = (name: string): Promise<void> | undefined => {
    const endpoint = endpoints.get(name) ?? { taken: 0, waiting: [] };
    endpoints.set(name, endpoint);
    if (endpoint.taken >= max) return new Promise((resolve) => endpoint.waiting.push(resolve));
    endpoint.taken += 1;
    return undefined;
  };
  const giveBack = (name: string): void => {
    const endpoint = endpoints.get(name);
    if (endpoint === undefined) return;
    const next = endpoint.waiting.shift();
    // A place goes on to who waits; it is never seen free in between.
    if (next !== undefined) return next();
    endpoint.taken -= 1;
    if (endpoint.taken === 0) endpoints.delete(name);
  };
  return {
    in: async (endpoint, attempt) => {
      await take(endpoint);
      try {
        return await attempt();
      } finally {
        giveBack(endpoint);
      }
    },
  };
}
