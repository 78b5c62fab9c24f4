import { v7 as uuidv7 } from 'uuid';
import { type Automation, type Edge, endpointOf, matchingAction, stateKeyOf } from '#automations';
import {
  closeMemberships,
  inOrder,
  insertDeliveries,
  type NewDelivery,
  openMemberships,
  type Sql,
  type TransitionCause,
} from '#database';

/** A person entering or leaving a segment at an instant (epoch ms). */
export type Transition = {
  readonly personId: string;
  readonly segment: { readonly id: string; readonly automations: readonly Automation[] };
  readonly edge: Edge;
  readonly at: number;
  readonly cause: TransitionCause;
};

/** The deliveries that one transition owes: one for each automation that its edge triggers. */
export function deliveriesOf(transition: Transition, membershipId: bigint): NewDelivery[] {
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

const membershipKey = (personId: string, segmentId: string): string => `${personId} ${segmentId}`;

/**
 * Opens and closes memberships.
 * @param wanted segments whose memberships owe deliveries
 * @returns the ids of those memberships, by {@link membershipKey}
 */
async function writeMemberships(
  tx: Sql,
  transitions: readonly Transition[],
  wanted: readonly string[],
): Promise<ReadonlyMap<string, bigint>> {
  const edgesOf = (edge: Edge) =>
    transitions
      .filter((transition) => transition.edge === edge)
      .map(({ personId, segment, at, cause }) => ({ personId, segmentId: segment.id, at, cause }));
  const [opened, closed] = await inOrder(
    tx,
    () => openMemberships(tx, edgesOf('entered'), wanted),
    () => closeMemberships(tx, edgesOf('exited'), wanted),
  );
  return new Map(
    [...opened, ...closed].map(({ id, personId, segmentId }) => [membershipKey(personId, segmentId), id]),
  );
}

/** Writes the deliveries that transitions owe. @returns the destinations that have something to send */
async function writeDeliveries(
  tx: Sql,
  owing: readonly Transition[],
  memberships: ReadonlyMap<string, bigint>,
): Promise<ReadonlySet<string>> {
  const deliveries = owing.flatMap((transition) => {
    const id = memberships.get(membershipKey(transition.personId, transition.segment.id));
    if (id === undefined) throw new Error('a transition without its membership');
    return deliveriesOf(transition, id);
  });
  if (deliveries.length > 0) await insertDeliveries(tx, deliveries);
  return new Set(deliveries.map(({ destination }) => destination));
}

/**
 * Writes transitions, the deliveries that they owe, and their tallies.
 * @param fires whether a transition sets off automations
 * @returns the destinations that have something to send
 */
export async function writeTransitions(
  tx: Sql,
  transitions: readonly Transition[],
  fires: (transition: Transition) => boolean,
): Promise<ReadonlySet<string>> {
  if (transitions.length === 0) return new Set();
  const owing = transitions.filter((one) => one.segment.automations.length > 0 && fires(one));
  const wanted = [...new Set(owing.map(({ segment }) => segment.id))];
  return writeDeliveries(tx, owing, await writeMemberships(tx, transitions, wanted));
}
