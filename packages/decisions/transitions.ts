import { v7 as uuidv7 } from 'uuid';
import {
  AUDIENCES,
  audienceOf,
  type Automation,
  type Edge,
  endpointOf,
  holderIn,
  matchingAction,
  stateKeyOf,
} from '#automations';
import {
  closeMemberships,
  entryKey,
  inOrder,
  insertDeliveries,
  loadEmails,
  markAudiencePeople,
  type NewDelivery,
  openMemberships,
  type Sql,
  type TransitionCause,
} from '#database';

/** A person entering or leaving a segment at an instant (epoch ms). */
export type Transition = {
  readonly personId: string;
  readonly segment: {
    readonly id: string;
    readonly automations: readonly Automation[];
    /** Whether it syncs an audience. */
    readonly syncs: boolean;
  };
  readonly edge: Edge;
  readonly at: number;
  readonly cause: TransitionCause;
};

/** A transition, and the membership that it opened or closed. */
export type WrittenTransition = Transition & { readonly membershipId: bigint };

/** The deliveries that transitions owe: one for each automation that the edge triggers. */
export async function deliveriesOf(
  tx: Sql,
  transitions: readonly WrittenTransition[],
): Promise<NewDelivery[]> {
  const inAudiences = transitions.filter(({ segment, edge }) =>
    segment.automations.some((one) => audienceOf(one) !== null && matchingAction(one, edge) !== null),
  );
  const emails = await loadEmails(tx, [...new Set(inAudiences.map(({ personId }) => personId))]);
  return transitions.flatMap((one) => deliveriesOfOne(one, emails.get(one.personId) ?? null));
}

function deliveriesOfOne(transition: WrittenTransition, email: string | null): NewDelivery[] {
  const { personId, segment, edge, at, membershipId } = transition;
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
      stateKey:
        action === 'send'
          ? null
          : stateKeyOf(automation, holderIn(automation, { id: personId, email }, entryKey)),
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
  const deliveries = await deliveriesOf(
    tx,
    owing.map((transition) => {
      const membershipId = memberships.get(membershipKey(transition.personId, transition.segment.id));
      if (membershipId === undefined) throw new Error('a transition without its membership');
      return { ...transition, membershipId };
    }),
  );
  if (deliveries.length > 0) await insertDeliveries(tx, deliveries);
  return new Set(deliveries.map(({ destination }) => destination));
}

/**
 * Writes transitions, the deliveries that they owe, and their tallies, and marks who is to be looked at anew in synced
 * audiences.
 * @param fires whether a transition sets off automations
 * @returns the destinations that have something to send; `audiences` where somebody was marked
 */
export async function writeTransitions(
  tx: Sql,
  transitions: readonly Transition[],
  fires: (transition: Transition) => boolean,
): Promise<ReadonlySet<string>> {
  if (transitions.length === 0) return new Set();
  const owing = transitions.filter((one) => one.segment.automations.length > 0 && fires(one));
  const wanted = [...new Set(owing.map(({ segment }) => segment.id))];
  const write = async () => writeDeliveries(tx, owing, await writeMemberships(tx, transitions, wanted));
  // Even where nothing fires: a synced audience is a state.
  const synced = transitions.filter(({ segment }) => segment.syncs).map(({ personId }) => personId);
  if (synced.length === 0) return write();
  const [destinations] = await inOrder(tx, write, () => markAudiencePeople(tx, synced));
  return new Set([...destinations, AUDIENCES]);
}
