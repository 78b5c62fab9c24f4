import type { DeliveryRequest, Destination } from '#destinations';
import type { AutomationCache } from './automation-cache';
import type { Conclude } from './conclude';
import type { FaultOf } from './fault';
import { prepare } from './prepare';
import type { Held, Store } from './store';

/** A delivery with what is to be sent for it. */
export type Ready = { readonly held: Held; readonly request: DeliveryRequest };

/** Those that are to be sent, their bodies stored; the others are ended or moved. */
export type ReadyOf = (held: readonly Held[]) => Promise<readonly Ready[]>;

export function makeReadyOf(options: {
  readonly store: Pick<Store, 'move' | 'storeBody'>;
  readonly destination: Destination;
  readonly automationsOfSegment: AutomationCache;
  readonly conclude: Conclude;
  readonly faultOf: FaultOf;
}): ReadyOf {
  const { store, destination, automationsOfSegment, conclude, faultOf } = options;

  const prepared = ({ delivery }: Held) => {
    const startedMs = performance.now();
    try {
      return prepare(delivery, destination, automationsOfSegment);
    } catch (error) {
      return { kind: 'fault', attempt: faultOf(delivery.id, error, startedMs) } as const;
    }
  };

  const readyOne = async (held: Held): Promise<Ready | null> => {
    const found = prepared(held);
    switch (found.kind) {
      case 'fault':
        await conclude.attempted(held, found.attempt, { entry: null, crossed: [], isFirst: true });
        return null;
      case 'end':
        await conclude.ended(held, found.status, found.reason);
        return null;
      case 'move':
        await store.move(held, found);
        return null;
      case 'send': {
        const { request, isNewBody } = found;
        if (isNewBody && request.body !== null && !(await store.storeBody(held, request.body))) return null;
        return { held, request };
      }
    }
  };

  return async (held) => {
    const ready = await Promise.all(held.map(readyOne));
    return ready.filter((one) => one !== null);
  };
}
