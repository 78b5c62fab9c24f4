import type { Places } from '#concurrency';
import type { AttemptResult, DeliveryRequest, Destination } from '#destinations';
import type { RateLine } from '../relay/rate-line';
import type { Conclude } from './conclude';
import type { Fault, FaultOf } from './fault';
import { noteEntries, noteIdentifiers } from './note';
import type { Ready } from './ready';
import type { Store } from './store';

export type Sent = Ready & { readonly attempt: AttemptResult | Fault };

/**
 * Makes one call, for one delivery or for a group, which have one endpoint.
 * @returns those that were sent; the others are given back, to be claimed anew, or end where a synced audience has moved on
 */
export type Send = (ready: readonly Ready[]) => Promise<readonly Sent[]>;

export type SendOptions = {
  readonly store: Pick<Store, 'begin' | 'keep' | 'release'>;
  readonly destination: Destination;
  readonly line: RateLine;
  /** For the calls to one endpoint, its key. */
  readonly places: Places;
  readonly attemptMs: number;
  /** Aborts what is being sent. */
  readonly stop: AbortSignal;
  readonly conclude: Pick<Conclude, 'ended'>;
  readonly faultOf: FaultOf;
};

export function makeSend(options: SendOptions): Send {
  const { store, destination, line, places, attemptMs, stop, conclude, faultOf } = options;

  const attemptsOf = async (ready: readonly Ready[]): Promise<readonly (AttemptResult | Fault)[]> => {
    const startedMs = performance.now();
    try {
      return await destination.deliver(
        ready.map(({ request }) => request),
        stop,
      );
    } catch (error) {
      return ready.map(({ held }) => faultOf(held.delivery.id, error, startedMs));
    }
  };

  const sendNow = async (ready: readonly Ready[]): Promise<readonly Sent[]> => {
    const { awaited, over } = await noteEntries(store, ready);
    await Promise.all(over.map(({ held }) => conclude.ended(held, 'superseded', 'the audience moved on')));
    const noted = await noteIdentifiers(store, destination, awaited);
    // Last, so that nothing comes between the place in the line and the call.
    if (noted.some(({ request }) => isSent(destination, request))) await line.take(stop);
    // One that could outlast its claim might be sent twice at once: it is given back, to be claimed anew.
    const latestMs = performance.now() + attemptMs;
    const safe = stop.aborted ? [] : noted.filter(({ held }) => held.untilMs >= latestMs);
    const kept = new Set(safe);
    const late = noted.filter((one) => !kept.has(one));
    await store.release(late.map(({ held }) => held));
    if (safe.length === 0) return [];
    const attempts = await attemptsOf(safe);
    return safe.map((one, index) => {
      const attempt = attempts[index];
      if (attempt === undefined) throw new TypeError(`${destination.kind} gave not one result for each`);
      return { ...one, attempt };
    });
  };

  return async (ready) => {
    const [first] = ready;
    return first === undefined ? [] : places(() => sendNow(ready), first.held.delivery.endpoint);
  };
}

/** Whether a call is made for it: a person is skipped when nothing is known of them that could be sent. */
function isSent(destination: Destination, { action, person, entry }: DeliveryRequest): boolean {
  return action === 'remove' || entry !== undefined || destination.identifierOf?.(person) !== null;
}
