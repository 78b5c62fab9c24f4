import {
  type Afterwards,
  currentFeatureRules,
  findRecounts,
  findUncounted,
  loadRunState,
  rebuildActiveDays,
  type Recount,
  type Sql,
  writeRecounts,
} from '#database';
import { decide, type DecisionTools, type Question, type Scope } from '../decide';
import type { ChunkDecision, ChunkQuestion } from './decide-chunk';
import { FORGETFUL } from '../remembered';

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
 * Counts the features of a chunk of people again from their stored events, by the current rules, and decides on those
 * people whose counts change. What the new rules alone cause sets off no automation. An event may have been counted by
 * the old rules and wait to be decided on: what it causes is decided first, and does set them off.
 * @throws what the database throws; then nothing is written
 */
export async function recountChunk(
  tx: Sql,
  { run, chunk }: Pick<ChunkQuestion, 'run' | 'chunk'>,
  tools: Pick<DecisionTools, 'definitions' | 'clock'>,
  afterwards: Afterwards,
): Promise<ChunkDecision> {
  // After the locks, which found the people: those who are created later are counted by no older version.
  const { version, rules } = await currentFeatureRules(tx);
  const runState = await loadRunState(tx, run.id);
  if (runState.isTakenOver) return { kind: 'takenOver' };
  const uncounted = await findUncounted(tx, chunk.known.union(chunk.fresh), version);
  if (uncounted.length === 0) return { ...NONE, settled: null };
  await rebuildActiveDays(tx, uncounted, rules.activeDays);
  const recounts = await findRecounts(tx, uncounted, rules);
  const scopes = scopesOf(recounts);
  const decisionTools = { ...tools, remembered: FORGETFUL };
  const question = (cause: Question['cause'], suppress: boolean): Question => ({ scopes, cause, suppress });
  const settled = await decide(tx, question('event', false), decisionTools, afterwards);
  await writeRecounts(tx, uncounted, recounts, version);
  const { transitions } = await decide(tx, question('settings', true), decisionTools, afterwards);
  const entered = transitions.filter(({ edge }) => edge === 'entered').length;
  const exited = transitions.length - entered;
  return { ...NONE, entered, exited, destinations: settled.destinations, settled };
}
