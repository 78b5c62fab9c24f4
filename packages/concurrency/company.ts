/**
 * How long what comes one by one waits for company. A window pays only where much comes in it: below some hundred items a
 * second they wait for nobody, and one that waits tells on the latency of all.
 */
export type CompanyWindow = {
  /** The longest wait while items come quickly (ms). */
  readonly busyMs: number;
  /** So many items within `busyMs` are quickly. */
  readonly busyItems: number;
  /** The longest wait otherwise (ms). */
  readonly quietMs: number;
};

/** Watches how quickly items come. */
export type Company = {
  readonly arrived: () => void;
  /** The longest that an item waits now (ms). */
  readonly waitMs: () => number;
};

/** @param nowMs a clock that never goes back */
export function makeCompany({ busyMs, busyItems, quietMs }: CompanyWindow, nowMs: () => number): Company {
  // When the newest items came, one after the other in a circle: the next place holds the oldest of them.
  const arrivals = new Float64Array(busyItems).fill(-Infinity);
  let next = 0;
  return {
    arrived: () => {
      arrivals[next] = nowMs();
      next = (next + 1) % busyItems;
    },
    waitMs: () => (nowMs() - (arrivals[next] ?? -Infinity) <= busyMs ? busyMs : quietMs),
  };
}
