export { decide, type Decisions, type DecisionTools, type Question, type Scope } from './decide';
export { countDecisions } from './count-decisions';
export { FORGETFUL, type Remembered } from './remembered';
export {
  type DefinitionCache,
  makeDefinitionCache,
  UnreadableDefinitionsError,
} from './remembered/definitions';
export { recountChunk } from './runs/recount-chunk';
export { type ExplainedSegment, explainMembership, type Explanation } from './explanation';
export { type Transition, writeTransitions } from './transitions';
export { makeRememberedEvents, type RememberedEvents } from './remembered/events';
export { makeRememberedMemberships } from './remembered/memberships';
export { type ChunkDecision, decideChunk } from './runs/decide-chunk';
export type { Drift } from './runs/drift';
