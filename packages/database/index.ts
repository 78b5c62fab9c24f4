export { insertAuditEntry, listAuditEntries } from './audit/audit';
export { claimDeadlines, type DuePerson, msUntilDeadline, putDeadlineOff } from './decisions/deadlines';
export { type FoldPlace, foldTallies } from './segments/tallies';
export { makeCounters, readCounters } from './connection/counters';
export {
  connect,
  type Connection,
  connectQueuePool,
  type Database,
  inTransaction,
} from './connection/connect';
export { connectForReads, type HeavySql, inHeavyRead, inSnapshot } from './segments/heavy-reads';
export { type Afterwards, withAfterwards } from './connection/afterwards';
export { NOBODY, type PersonList } from './connection/person-list';
export { listenTo, tellListeners } from './connection/listen';
export type { Models } from './connection/models';
export type { Sql } from './connection/sql';
export { inOrder, type Transact } from './connection/pipelined';
export { type ConnectionPlan, planConnections } from './connection/plan';
export { classifyFailure, type DatabaseFailure, sqlStateOf } from './connection/errors';
export { type DatabaseProbe, openProbe } from './connection/probe';
export { applyMigrations, onMigrationSession } from './connection/migrate';
export {
  createPeople,
  createPeopleByEmail,
  findByEmail,
  findIdentities,
  findOrCreateUsers,
  findPeople,
  type IdentityKind,
  type IdentityLink,
  type KnownIdentity,
  linkIdentities,
} from './people/identities';
export { insertEvents, type LockedPeople, lockPeople, type StoredEvent } from './people/events';
export {
  countDeadEvents,
  type DeadEventRow,
  findDeadEvent,
  insertDeadEvent,
  insertDeadPerson,
  listDeadEvents,
  removeDeadEvent,
  trimDeadEvents,
} from './people/dead-events';
export { findErased, releaseIdentities } from './people/tombstones';
export {
  type ExportedEvent,
  listDeadEventsOf,
  listExportedDeliveries,
  listNamedEvents,
  listStays,
  listTraits,
  nextEventName,
} from './people/export';
export {
  advanceErasure,
  beginErasure,
  claimErasure,
  type ErasureRow,
  findErasure,
  findErasureOf,
  holdErasure,
  removeTombstones,
} from './erasure/erasures';
export { leaveEverything } from './erasure/memberships';
export { audiencesLeft, giveUpAudiences } from './erasure/audiences';
export { eraseTraces } from './erasure/traces';
export { type RemovedEvents, removeOldEvents } from './retention/events';
export { emptyOldDeliveries } from './retention/deliveries';
export {
  type ActiveDay,
  addToPeople,
  type Contact,
  insertActiveDays,
  type PersonGain,
  type ReceiptKey,
  setEmails,
  setPhones,
  type SubscriptionChange,
  type TraitUpdate,
  upsertSubscriptions,
  upsertTraits,
} from './people/facts';
export {
  loadFilteredInstants,
  loadInstants,
  loadOpenMemberships,
  loadSubscriptions,
  loadTraits,
  type LockedPerson,
  lockForDecision,
  readForDecision,
  readNow,
} from './decisions/reads';
export {
  closeMemberships,
  type DecidedPerson,
  insertDeliveries,
  markDecided,
  type NewDelivery,
  openMemberships,
  type TransitionCause,
  type WrittenMembership,
} from './decisions/writes';
export {
  currentFeatureRules,
  type FeatureRulesVersion,
  findFeatureRules,
  insertFeatureRules,
  lastRecountFailed,
} from './people/feature-rules';
export {
  findRecounts,
  findUncounted,
  rebuildActiveDays,
  type Recount,
  writeRecounts,
} from './people/recounts';
export { type DefinitionRow, loadDefinitions, raiseRevision } from './segments/definitions';
export {
  decideStep,
  type DecisionStep,
  useNestedLoops,
  STEP_SEGMENTS_MAX,
  type StepTransition,
} from './decisions/decide-in-sql';
export {
  askForScheduledEvaluation,
  endEvaluation,
  type EvaluationKind,
  type EvaluationRow,
  type EvaluationStatus,
  findEvaluation,
  findOpenEvaluations,
  findUnreached,
  insertEvaluation,
  loadRunState,
  type RunState,
  startEvaluation,
} from './evaluations/evaluations';
export {
  advancePart,
  type EvaluationPart,
  findOpenParts,
  findUnsettled,
  lockChunk,
  type LockedChunk,
} from './evaluations/parts';
export * from './audiences';
export { type AudienceEntry, keepIdentifiers, settleIdentifiers } from './deliveries/audience-identifiers';
export {
  claimDueDeliveries,
  type ClaimedDeliveries,
  type ClaimedGroup,
  type ClaimRequest,
  type DeliveryLane,
  type EndpointMax,
} from './deliveries/claims';
export { type DeliveryContext, type TakeUp, takeUpDeliveries } from './deliveries/take-up';
export {
  countGates,
  type GateCount,
  type GateRow,
  type GateState,
  type GateTrouble,
  listGates,
  OPEN_AFTER,
  reportTrouble,
  resumeDeliveries,
  returnTry,
  WHOLE_DESTINATION,
} from './deliveries/gates';
export {
  announceDestination,
  type DestinationRow,
  listDestinations,
  takePlace,
} from './deliveries/destination-status';
export {
  type DeliveryAttemptRecord,
  type DeliveryRecord,
  type DeliveryResult,
  type HeldDelivery,
  moveDelivery,
  recordDeliveryResults,
  releaseDeliveries,
  storeDeliveryBodies,
} from './deliveries/results';
export { type CursorKey, decodeCursor, type Page, pageOf } from './connection/cursors';
export {
  findNamedSegments,
  findSegment,
  insertSegment,
  listSegments,
  type NewSegment,
  type SegmentQuery,
  type SegmentRow,
  type SegmentStatus,
  updateSegment,
} from './segments/segments';
export { findNewestMembership, type Membership } from './segments/memberships';
export { findOnlyEvent, loadEventsAt, type NamedEvent } from './people/named-events';
export {
  countMembers,
  countPeople,
  type Matches,
  matchOutsiders,
  matchPeople,
  type MatchQuestion,
  mismatchMembers,
  type SampledPerson,
} from './segments/matches';
export { countOverlaps, type Overlaps } from './segments/overlaps';
export { loadSegmentStats, type SegmentDay, type SegmentStats } from './segments/stats';
export {
  findPersonId,
  listMembers,
  listPersonEvents,
  loadPerson,
  type Member,
  type PersonEvent,
  type PersonProfile,
} from './people/people';
export {
  type AttemptRow,
  type DeliveryRow,
  findDelivery,
  listAttempts,
  listDeliveries,
} from './deliveries/list';
export {
  replayDeliveries,
  retryDeadDeliveries,
  retryDelivery,
  skipOpenDeliveries,
} from './deliveries/resends';
export { countDeliveries, foldDeliveryTallies } from './deliveries/tallies';
export type { DeliveryFilter, DeliveryStatus } from './deliveries/pages';
export { isUuid } from './connection/uuids';
