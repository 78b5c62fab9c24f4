export { decide } from './decide';
export type { Decisions, DecisionTools, Question, Scope } from './decide';
export { countDecisions } from './count-decisions';
export { makeDefinitionCache } from './definitions';
export type { DefinitionCache } from './definitions';
export type { Transition } from './transitions';
export { makeStaysCache } from './stays';
