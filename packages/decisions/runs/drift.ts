import { explain } from '#criteria';
import {
  loadOpenMemberships,
  lockForDecision,
  type RunState,
  type Sql,
  type StepTransition,
} from '#database';
import { type Definitions, dependentsOf, segmentsReadBy } from '../definitions';
import { loadStates } from '../person-states';
import { FORGETFUL } from '../remembered';

/** A membership that was not what it should have been, with nothing under way to put it right. */
export type Drift = {
  readonly personId: string;
  readonly segmentId: string;
  /** What put it right. */
  readonly edge: 'entered' | 'exited';
  /** Which conditions hold, by their paths; without values, which may be personal. Null beyond the first few. */
  readonly conditions: readonly { readonly path: string; readonly matches: boolean }[] | null;
};

/** Drifts of a chunk that are explained: if everything is wrong, the first ones tell enough. */
const EXPLAINED_MAX = 20;

/** The transitions that neither the segment's own run nor another transition of the same person explains. */
function unexplained(
  suspects: readonly StepTransition[],
  { segments, byId }: Definitions,
  { open }: RunState,
): StepTransition[] {
  const underWay = new Set(
    [...open.keys()].flatMap((id) => [id, ...dependentsOf(id, segments).map((dependent) => dependent.id)]),
  );
  const key = (personId: string, segmentId: string): string => `${personId} ${segmentId}`;
  const changed = new Set(suspects.map(({ personId, segmentId }) => key(personId, segmentId)));
  return suspects.filter(({ personId, segmentId }) => {
    const segment = byId.get(segmentId);
    if (segment === undefined || underWay.has(segmentId)) return false;
    return !segmentsReadBy(segment).some((read) => changed.has(key(personId, read)));
  });
}

/**
 * Tells which transitions are drift, and explains the first ones.
 * @param suspects transitions of people who have nothing undecided
 */
export async function driftOf(
  tx: Sql,
  suspects: readonly StepTransition[],
  definitions: Definitions,
  runState: RunState,
): Promise<Drift[]> {
  const drifts = unexplained(suspects, definitions, runState);
  if (drifts.length === 0) return [];
  const first = drifts.slice(0, EXPLAINED_MAX);
  const people = await lockForDecision(tx, [...new Set(first.map(({ personId }) => personId))]);
  const byPerson = new Map(people.map((person) => [person.id, person]));
  const candidates = first.flatMap(({ personId, segmentId, atMs }) => {
    const person = byPerson.get(personId);
    const segment = definitions.byId.get(segmentId);
    return person === undefined || segment === undefined
      ? []
      : [{ person, segments: [segment], segment, atMs }];
  });
  const earliestMs = Math.min(...candidates.map(({ atMs }) => atMs));
  const states = await loadStates(tx, candidates, earliestMs, FORGETFUL.events);
  const memberships = await loadOpenMemberships(
    tx,
    people.map(({ id }) => id),
  );
  const explained = candidates.map(({ person, segment, atMs }, index) => {
    const state = states[index];
    const memberOf = new Set(memberships.get(person.id));
    const results = state === undefined ? [] : explain(segment.criteria, { ...state, memberOf }, atMs);
    return {
      key: `${person.id} ${segment.id}`,
      conditions: results.map(({ path, matches }) => ({ path, matches })),
    };
  });
  const conditionsOf = new Map(explained.map(({ key, conditions }) => [key, conditions]));
  return drifts.map(({ personId, segmentId, edge }) => ({
    personId,
    segmentId,
    edge,
    conditions: conditionsOf.get(`${personId} ${segmentId}`) ?? null,
  }));
}
