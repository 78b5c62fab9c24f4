import { type DestinationKind, KINDS } from '#automations';
import { type DeliveryResult, type GateTrouble, WHOLE_DESTINATION } from '#database';
import { type AttemptResult, nextAttemptDelayMs, type Outcome, type Pause } from '#destinations';

/** How long nothing is sent where the receiver did not say how long (ms). */
const HOLD_MS = { halted: 15 * 60_000, paused: 60_000 } as const;

type Schedule = {
  /** How many attempts were made, this one included. */
  readonly tries: number;
  readonly delaysMs: readonly number[];
  /** A number in [0, 1). */
  readonly random: () => number;
};

/** What an attempt's outcome makes of its delivery. */
export function resultOf(outcome: Outcome, { tries, delaysMs, random }: Schedule): DeliveryResult {
  switch (outcome.kind) {
    case 'delivered':
      return { status: 'succeeded' };
    case 'skipped':
      return { status: 'skipped', reason: outcome.reason };
    case 'final':
      return { status: 'dead', reason: outcome.error };
    case 'halt':
      // It is due at once, behind the gate that its trouble shuts: sent as soon as that opens, however long it takes.
      return { status: 'retrying', reason: outcome.error, delayMs: 0, counts: false };
    case 'retry': {
      const { error, afterMs, scope = 'delivery' } = outcome;
      if (scope !== 'delivery')
        return { status: 'retrying', reason: error, delayMs: afterMs ?? HOLD_MS.paused, counts: false };
      const delayMs = nextAttemptDelayMs({ delaysMs, attempt: tries, afterMs, random });
      if (delayMs === null) return { status: 'dead', reason: `out of tries: ${error}` };
      return { status: 'retrying', reason: error, delayMs, counts: true };
    }
  }
}

/** What an attempt tells of the place that it was sent to. */
export type Verdict = {
  readonly endpoint: string;
  /** `worked`: it is up, and our credentials are good; null: this attempt tells nothing of that. */
  readonly worked: boolean | null;
  /** What is to be kept back, here or (`WHOLE_DESTINATION`) everywhere; null: nothing. */
  readonly holds: readonly GateTrouble[];
};

/** The verdict where nothing was sent. */
export const noVerdict = (endpoint: string): Verdict => ({ endpoint, worked: null, holds: [] });

export function verdictOf(
  kind: DestinationKind,
  endpoint: string,
  { outcome, httpStatus, pause }: Pick<AttemptResult, 'outcome' | 'httpStatus' | 'pause'>,
): Verdict {
  const paused = pause === undefined ? [] : [pauseOf(endpoint, pause)];
  switch (outcome.kind) {
    case 'delivered':
      return { endpoint, worked: true, holds: paused };
    case 'skipped':
      return noVerdict(endpoint);
    case 'final':
      // Where that says nothing about the endpoint, it neither counts as a failure nor clears failures.
      return {
        endpoint,
        worked: KINDS[kind].finalMeansItWorks && httpStatus !== null ? true : null,
        holds: paused,
      };
    case 'halt': {
      const { scope, error: reason, afterMs: holdMs = HOLD_MS.halted } = outcome;
      const where = scope === 'destination' ? WHOLE_DESTINATION : endpoint;
      return {
        endpoint,
        worked: false,
        holds: [{ endpoint: where, state: 'halted', reason, failures: 0, holdMs }],
      };
    }
    case 'retry': {
      const { scope = 'delivery', error: reason, afterMs = HOLD_MS.paused } = outcome;
      if (scope !== 'delivery')
        return { endpoint, worked: null, holds: [pauseOf(endpoint, { scope, afterMs, reason }), ...paused] };
      const failure = { endpoint, state: 'counting', reason, failures: 1, holdMs: 0 } as const;
      return { endpoint, worked: false, holds: [failure, ...paused] };
    }
  }
}

function pauseOf(endpoint: string, { scope, afterMs, reason }: Pause): GateTrouble {
  const where = scope === 'destination' ? WHOLE_DESTINATION : endpoint;
  return { endpoint: where, state: 'paused', reason, failures: 0, holdMs: afterMs };
}

/** For all but the first delivery of a call: a failed call is one failure, however many deliveries it carried. */
export function withoutFailures(verdict: Verdict): Verdict {
  return { ...verdict, holds: verdict.holds.filter(({ state }) => state !== 'counting') };
}

const RANK = { counting: 0, paused: 1, halted: 2 } as const;

/**
 * What many verdicts come to: one trouble for each endpoint. Failures beside a success are not in a row, and are not
 * counted.
 */
export function troublesOf(verdicts: readonly Verdict[]): GateTrouble[] {
  const working = new Set(verdicts.flatMap(({ endpoint, worked }) => (worked === true ? [endpoint] : [])));
  const troubles = new Map<string, GateTrouble>();
  for (const trouble of verdicts.flatMap(({ holds }) => holds)) {
    if (trouble.state === 'counting' && working.has(trouble.endpoint)) continue;
    const known = troubles.get(trouble.endpoint);
    troubles.set(trouble.endpoint, known === undefined ? trouble : sumOf(known, trouble));
  }
  return [...troubles.values()];
}

function sumOf(one: GateTrouble, other: GateTrouble): GateTrouble {
  const worse = RANK[other.state] > RANK[one.state] ? other : one;
  const failures = one.failures + other.failures;
  return { ...worse, failures, holdMs: Math.max(one.holdMs, other.holdMs) };
}
