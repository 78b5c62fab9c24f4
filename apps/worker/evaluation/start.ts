import { hashOf, makeLanes, makeOutageLog } from '#concurrency';
import { makeRememberedMemberships } from '#decisions';
import type { Closable } from '#runtime';
import { GROUP_MAX, makeLaneConsumer } from '../lane-consumer';
import { decisionFailureOf } from '../set-aside';
import type { Evaluation, SharedTools, Tools } from '../tools';
import { changesIn, evaluateChanges, type PersonChange } from './decide-changes';
import { setAside } from './set-aside';

/** People whose segments a process remembers: about 20 MB. */
const MEMBERSHIPS_PEOPLE_MAX = 100_000;

/** Makes what decides in this process, for the queue and for the stage before it. */
export function makeEvaluation(tools: SharedTools): Evaluation {
  const { log, turns } = tools;
  const remembered = {
    events: tools.recent,
    memberships: makeRememberedMemberships(MEMBERSHIPS_PEOPLE_MAX),
  };
  const stage = { ...tools, remembered };
  const lanes = makeLanes<PersonChange>({
    turns,
    groupMax: GROUP_MAX,
    paced: false,
    classify: decisionFailureOf,
    onFailure: makeOutageLog(log, { stage: 'evaluation' }).failed,
    laneOf: ({ personId }) => hashOf(personId),
    run: async (changes) => ({ followUp: await evaluateChanges(stage, changes) }),
    bury: (change, error) => setAside(stage, change, error),
  });
  return {
    evaluate: async (payload) => {
      await lanes.submit(changesIn(payload));
    },
    lanes,
  };
}

/** Starts the evaluation stage: it decides about the people of the queue's jobs. */
export function startEvaluation({ backend, log, evaluation }: Tools): Closable[] {
  if (evaluation === null) throw new Error('no evaluation in a process that runs its stage');
  const { evaluate, lanes } = evaluation;
  return [makeLaneConsumer('evaluations', backend, log, evaluate, [lanes])];
}
