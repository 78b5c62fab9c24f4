import { hashOf, makeLanes, makeOutageLog } from '#concurrency';
import { makeRememberedMemberships } from '#decisions';
import type { Payload } from '#queues';
import type { Closable } from '#runtime';
import { GROUP_MAX, makeLaneConsumer } from '../lane-consumer';
import { decisionFailureOf } from '../set-aside';
import type { Tools } from '../tools';
import { changesIn, evaluateChanges, type PersonChange } from './decide-changes';
import { setAside } from './set-aside';

/** People whose segments a process remembers: about 20 MB. */
const MEMBERSHIPS_PEOPLE_MAX = 100_000;

/** Starts the evaluation stage: it decides about people of whom something may have changed. */
export function startEvaluation(tools: Tools): Closable[] {
  const { backend, log, turns } = tools;
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
  const handle = async (payload: Payload<'evaluations'>): Promise<void> => {
    await lanes.submit(changesIn(payload));
  };
  return [makeLaneConsumer('evaluations', backend, log, handle, [lanes])];
}
