import {
  type EvaluationRow,
  type LockedChunk,
  type PersonList,
  type RunState,
  STEP_SEGMENTS_MAX,
} from '#database';
import type { Automation } from '#automations';
import type { Criteria } from '#criteria';
import { type Definitions, dependentsOf, layersOf, type Segment } from '../definitions';

/** A segment as a run meets it. One without criteria is archived: nobody belongs to it. */
export type RunSegment = {
  readonly id: string;
  readonly criteria: Criteria | null;
  /** What its transitions set off; empty when this run, or the segment's own run, suppresses them. */
  readonly automations: readonly Automation[];
  /** Whether it syncs an audience, which no run suppresses. */
  readonly syncs: boolean;
};

/** Segments that are decided in one statement: none reads the membership of another. */
export type PlannedStep = { readonly segments: readonly RunSegment[]; readonly exact: boolean };

/** People of a chunk, and what they are decided against, step by step. */
export type Pass = {
  readonly people: PersonList;
  readonly steps: readonly PlannedStep[];
  /** Whether all active segments are among the steps. */
  readonly whole: boolean;
  /** Whether the steps after the first concern only people whose memberships changed in an earlier step. */
  readonly spreads: boolean;
};

/** Which automations a run leaves to a segment. */
function automationsIn(
  run: EvaluationRow,
  concerned: ReadonlySet<string> | null,
  { open }: RunState,
): (segment: Segment) => readonly Automation[] {
  return ({ id, automations }) => {
    // People who are met for the first time enter the segments that the run is not about as usual.
    const isMine = concerned === null || concerned.has(id);
    const own = id === run.segmentId ? undefined : open.get(id);
    return (own ?? (isMine ? run.automations : 'fire')) === 'fire' ? automations : [];
  };
}

/** Cuts layers into statements of one size; segments whose answer time can change stand together. */
function stepsOf(
  layers: readonly (readonly Segment[])[],
  windowed: readonly Segment[],
  toRun: (segment: Segment) => RunSegment,
): PlannedStep[] {
  return layers.flatMap((layer) => {
    const ordered = layer.toSorted((a, b) => Number(b.reads.windowed) - Number(a.reads.windowed));
    const cuts = Array.from({ length: Math.ceil(ordered.length / STEP_SEGMENTS_MAX) }, (_none, index) =>
      ordered.slice(index * STEP_SEGMENTS_MAX, (index + 1) * STEP_SEGMENTS_MAX),
    );
    return cuts.map((segments) => ({
      segments: segments.map(toRun),
      exact: windowed.every((segment) => segments.includes(segment)),
    }));
  });
}

/**
 * Plans what a chunk of a run is decided against. People who were decided on before: against the segments of the run
 * and, when one of these changes their membership, the segments that read it. People who were not: against all.
 */
export function planChunk(
  run: EvaluationRow,
  chunk: LockedChunk,
  definitions: Definitions,
  runState: RunState,
): Pass[] {
  const { segments, windowed } = definitions;
  const target = run.segmentId;
  const dependents = target === null ? [] : dependentsOf(target, segments);
  const concerned = target === null ? null : new Set([target, ...dependents.map(({ id }) => id)]);
  const automationsOf = automationsIn(run, concerned, runState);
  const toRun = (segment: Segment): RunSegment => ({
    id: segment.id,
    criteria: segment.criteria,
    automations: automationsOf(segment),
    syncs: segment.syncs,
  });
  const everything = (people: PersonList): Pass => ({
    people,
    steps: stepsOf(layersOf(segments), windowed, toRun),
    whole: true,
    spreads: false,
  });
  if (target === null) return [everything(chunk.known.union(chunk.fresh))];
  const active = definitions.byId.get(target);
  // An archived segment syncs nothing: its audiences are left, or emptied, without a look at its members.
  const archived: RunSegment = { id: target, criteria: null, automations: [], syncs: false };
  // A segment that has been paused meanwhile keeps its members as they are.
  const first = active !== undefined ? [toRun(active)] : run.kind === 'archive' ? [archived] : [];
  const steps = [
    ...first.map((segment) => ({ segments: [segment], exact: false })),
    ...stepsOf(layersOf(dependents), windowed, toRun).map((step) => ({ ...step, exact: false })),
  ];
  const known: Pass = {
    people: chunk.known,
    steps: first.length === 0 ? [] : steps,
    whole: false,
    spreads: true,
  };
  return [known, everything(chunk.fresh)].filter(({ people }) => !people.isEmpty);
}
