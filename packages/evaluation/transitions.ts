import { v7 as uuidv7 } from 'uuid';
import type { Automation, Edge } from '#automations';
import { endpointOf, matchingAction, stateKeyOf } from '#automations';
import type { NewDelivery, Sql, Tally, TransitionCause } from '#database';
import { appendTallies, closeStays, insertDeliveries, openStays } from '#database';

/** A person entering or leaving a segment at an instant (epoch ms). */
export type Transition = {
  readonly personId: string;
  readonly segment: { readonly id: string; readonly automations: readonly Automation[] };
  readonly edge: Edge;
  readonly at: number;
};

/** Deliveries that one transition owes, one for each automation that its edge triggers. */
function deliveriesOf(transition: Transition, membershipId: string): NewDelivery[] {
  const { personId, segment, edge, at } = transition;
  return segment.automations.flatMap((automation) => {
    const action = matchingAction(automation, edge);
    if (action === null) return [];
    return {
      id: uuidv7(),
      segmentId: segment.id,
      personId,
      membershipId,
      automationId: automation.id,
      destination: automation.kind,
      type: `segment.${edge}`,
      action,
      endpoint: endpointOf(automation),
      stateKey: stateKeyOf(automation, personId),
      createdAt: at,
    } satisfies NewDelivery;
  });
}

function tally(transitions: readonly Transition[]): Tally[] {
  const counts = new Map<string, { segmentId: string; entered: number; exited: number }>();
  for (const { segment, edge } of transitions) {
    const count = counts.get(segment.id) ?? { segmentId: segment.id, entered: 0, exited: 0 };
    counts.set(segment.id, count);
    count[edge] += 1;
  }
  return [...counts.values()];
}

/** @returns the ids of the stays that the transitions opened or closed, in their order */
async function writeStays(
  tx: Sql,
  transitions: readonly Transition[],
  cause: TransitionCause,
): Promise<string[]> {
  const edges = transitions.map(({ personId, segment, edge, at }) => ({
    id: uuidv7(),
    personId,
    segmentId: segment.id,
    edge,
    at,
  }));
  const entered = edges.filter(({ edge }) => edge === 'entered');
  if (entered.length > 0) await openStays(tx, entered, cause);
  const exited = edges.filter(({ edge }) => edge === 'exited');
  const closed = exited.length > 0 ? await closeStays(tx, exited, cause) : [];
  if (closed.length !== exited.length)
    throw new Error('a stay that was open under the lock could not be closed');
  const closedIds = new Map(closed.map((stay) => [`${stay.personId} ${stay.segmentId}`, stay.id]));
  return edges.map((edge) => closedIds.get(`${edge.personId} ${edge.segmentId}`) ?? edge.id);
}

/**
 * Writes transitions, the deliveries that they owe and their tallies.
 * @returns the destinations that have something to send
 */
export async function writeTransitions(
  tx: Sql,
  transitions: readonly Transition[],
  { cause, fire }: { readonly cause: TransitionCause; readonly fire: boolean },
): Promise<ReadonlySet<string>> {
  const first = transitions[0];
  if (first === undefined) return new Set();
  const stayIds = await writeStays(tx, transitions, cause);
  const deliveries = fire
    ? transitions.flatMap((transition, index) => deliveriesOf(transition, stayIds[index] ?? ''))
    : [];
  if (deliveries.length > 0) await insertDeliveries(tx, deliveries);
  await appendTallies(tx, tally(transitions), first.at);
  return new Set(deliveries.map(({ destination }) => destination));
}
