import type { PersonState } from '../state';

/** Whether a part of a criteria holds of a person at an instant (epoch ms). */
export type Holds = (state: PersonState, nowMs: number) => boolean;

/** Whether all of it holds. One or two parts, as nearly every criteria has, are asked without a loop. */
export function allOf(parts: readonly Holds[]): Holds {
  const [first, second] = parts;
  if (first === undefined) return () => true;
  if (second === undefined) return first;
  if (parts.length === 2) return (state, nowMs) => first(state, nowMs) && second(state, nowMs);
  return (state, nowMs) => {
    for (const part of parts) if (!part(state, nowMs)) return false;
    return true;
  };
}

/** Whether any of it holds. */
export function anyOf(parts: readonly Holds[]): Holds {
  return (state, nowMs) => {
    for (const part of parts) if (part(state, nowMs)) return true;
    return false;
  };
}
