import type { Attempted } from './attempt';
import type { Outcome } from './destination';

/** Requests that an attempt may take to find what spoils a group: enough for two bad items among 10,000. */
const REQUESTS_MAX = 32;

/**
 * Sends items in one request, and where the whole is refused for good, in halves, so that a bad item spoils no other.
 * What was not reached when the requests are used up is tried again; once a part is throttled or halted, nothing more
 * is sent.
 * @returns what came of each item, in their order
 */
export async function sendInParts<T>(
  items: readonly T[],
  send: (part: readonly T[]) => Promise<Attempted>,
): Promise<Attempted[]> {
  let left = REQUESTS_MAX;
  let stopped: Attempted | null = null;

  const sendPart = async (part: readonly T[]): Promise<Attempted[]> => {
    if (stopped !== null) return part.map(() => stopped as Attempted);
    left -= 1;
    const attempted = await send(part);
    if (holdsUp(attempted.outcome)) stopped = attempted;
    if (part.length === 1 || !isRefusedWhole(attempted)) return part.map(() => attempted);
    const middle = Math.ceil(part.length / 2);
    const halves: Attempted[] = [];
    for (const half of [part.slice(0, middle), part.slice(middle)]) {
      halves.push(...(left > 0 ? await sendPart(half) : half.map(() => againLater(attempted))));
    }
    return halves;
  };
  return items.length === 0 ? [] : sendPart(items);
}

/** Whether an outcome concerns more than what was sent. */
export function holdsUp(outcome: Outcome): boolean {
  if (outcome.kind === 'halt') return true;
  return outcome.kind === 'retry' && outcome.scope !== undefined && outcome.scope !== 'delivery';
}

/** A refusal that came with a success looked at each item already. */
function isRefusedWhole({ outcome, httpStatus }: Attempted): boolean {
  return outcome.kind === 'final' && (httpStatus ?? 0) >= 400;
}

/** The result for a member of a refused group that others in the group may have spoiled. */
export function againLater({ outcome, httpStatus = null }: Attempted): Attempted {
  const error = 'error' in outcome ? outcome.error : 'refused';
  return { outcome: { kind: 'retry', error: `refused together with others: ${error}` }, httpStatus };
}
