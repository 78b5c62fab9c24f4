import {
  currentFeatureRules,
  findRecounts,
  findUncounted,
  loadStanding,
  rebuildActiveDays,
  type Recount,
  type Sql,
  writeRecounts,
} from '#database';
import { decide, type DecisionTools, type Question, type Scope } from '../decide';
import type { ChunkDecision, ChunkQuestion } from './decide-chunk';
import { makeRecentEvents } from '../remembered/events';
import { makeStaysCache } from '../remembered/memberships';

const NONE = { kind: 'decided', entered: 0, exited: 0, destinations: new Set<string>(), drifts: [] } as const;

function scopesOf(recounts: readonly Recount[]): ReadonlyMap<string, Scope> {
  return new Map(
    recounts.map(({ personId, changed }) => [
      personId,
      { kind: 'changed', keys: changed.map((feature) => `feature:${feature}`) },
    ]),
  );
}

/**
 * Counts the features of a chunk of people again from their stored events, by the rules as they are now, and decides on
 * those of whom a count changes; what the new rules alone cause sets off no automation. An event may have been counted
 * by the old rules and wait to be decided on: what it causes is decided first, and does set them off.
 * @throws what the database throws; then nothing is written
 */
export async function recountChunk(
  tx: Sql,
  { run, chunk }: Pick<ChunkQuestion, 'run' | 'chunk'>,
  tools: Pick<DecisionTools, 'definitions' | 'clock'>,
): Promise<ChunkDecision> {
  // After the locks, by which the people were found: whoever was created later is counted by no older version.
  const { version, rules } = await currentFeatureRules(tx);
  const standing = await loadStanding(tx, run.id);
  if (standing.isTakenOver) return { kind: 'takenOver' };
  const uncounted = await findUncounted(tx, chunk.known.union(chunk.fresh), version);
  if (uncounted.length === 0) return { ...NONE, settled: null };
  await rebuildActiveDays(tx, uncounted, rules.activeDays);
  const recounts = await findRecounts(tx, uncounted, rules);
  const scopes = scopesOf(recounts);
  // It meets everybody once: there is nothing to remember.
  const decisionTools = { ...tools, stays: makeStaysCache(0), recent: makeRecentEvents(0) };
  const question = (cause: Question['cause'], suppress: boolean): Question => ({ scopes, cause, suppress });
  const settled = await decide(tx, question('event', false), decisionTools);
  await writeRecounts(tx, uncounted, recounts, version);
  const { transitions } = await decide(tx, question('settings', true), decisionTools);
  const entered = transitions.filter(({ edge }) => edge === 'entered').length;
  const exited = transitions.length - entered;
  return { ...NONE, entered, exited, destinations: settled.destinations, settled };
}
