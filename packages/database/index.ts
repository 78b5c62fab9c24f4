export { claimDeadlines, msUntilDeadline } from './deadlines';
export type { DuePerson } from './deadlines';
export { foldTallies } from './tallies';
export type { FoldPlace } from './tallies';
export { makeCounters, readCounters } from './counters';
export { connect, connectQueuePool, inTransaction } from './connect';
export { connectForReads, inHeavyRead, inSnapshot } from './heavy-reads';
export type { HeavySql } from './heavy-reads';
export type { Connection, Database, Sql } from './connect';
export { inOrder } from './pipelined';
export type { Transact } from './pipelined';
export { classifyFailure, sqlStateOf } from './errors';
export type { DatabaseFailure } from './errors';
export { startEmbeddedPostgres } from './embedded-postgres';
export { applyMigrations } from './migrate';
export {
  createPeople,
  createPeopleByEmail,
  findByEmail,
  findIdentities,
  findPeople,
  linkIdentities,
} from './identities';
export type { IdentityKind, IdentityLink, KnownIdentity } from './identities';
export { insertDeadEvent, insertEvents, lockPeople } from './events';
export type { LockedPeople, StoredEvent } from './events';
export {
  addToPeople,
  insertActiveDays,
  setEmails,
  setPhones,
  upsertSubscriptions,
  upsertTraits,
} from './person-facts';
export type { ActiveDay, PersonGain, SubscriptionChange, TraitUpdate } from './person-facts';
export {
  loadFilteredInstants,
  loadInstants,
  loadOpenStays,
  loadSubscriptions,
  loadTraits,
  lockForDecision,
  readForDecision,
  readNow,
} from './decision-reads';
export type { LockedPerson } from './decision-reads';
export { appendTallies, closeStays, insertDeliveries, markDecided, openStays } from './decision-writes';
export type { DecidedPerson, NewDelivery, Tally, TransitionCause, WrittenStay } from './decision-writes';
export { currentFeatureRules, findFeatureRules, insertFeatureRules } from './feature-rules';
export type { FeatureRulesVersion } from './feature-rules';
export { findRecounts, findUncounted, rebuildActiveDays, writeRecounts } from './recounts';
export type { Recount } from './recounts';
export { loadDefinitions, raiseRevision } from './definitions';
export type { DefinitionRow } from './definitions';
export { decideStep, planForChunks, STEP_SEGMENTS_MAX } from './chunk-decision';
export type { DecisionStep, StepTransition } from './chunk-decision';
export {
  askForScheduledEvaluation,
  endEvaluation,
  findEvaluation,
  findOpenEvaluations,
  insertEvaluation,
  findUnreached,
  loadStanding,
  startEvaluation,
} from './evaluations';
export type { EvaluationKind, EvaluationRow, EvaluationStatus, RunStanding } from './evaluations';
export { advancePart, findOpenParts, findUnsettled, lockChunk } from './evaluation-parts';
export type { EvaluationPart, LockedChunk } from './evaluation-parts';
export { keepIdentifiers, settleIdentifiers } from './audience-identifiers';
export type { AudienceEntry } from './audience-identifiers';
export { claimDueDeliveries } from './delivery-claims';
export type {
  ClaimedDeliveries,
  ClaimedGroup,
  ClaimRequest,
  DeliveryLane,
  EndpointMax,
} from './delivery-claims';
export { takeUpDeliveries } from './delivery-context';
export type { DeliveryContext, TakeUp } from './delivery-context';
export {
  countGates,
  listGates,
  OPEN_AFTER,
  reportTrouble,
  resumeDeliveries,
  returnTry,
  WHOLE_DESTINATION,
} from './delivery-gates';
export type { GateCount, GateRow, GateState, GateTrouble } from './delivery-gates';
export { announceDestination, listDestinations, takePlace } from './delivery-destinations';
export type { DestinationRow } from './delivery-destinations';
export {
  moveDelivery,
  recordDeliveryResults,
  releaseDeliveries,
  storeDeliveryBodies,
} from './delivery-results';
export type { DeliveryAttemptRecord, DeliveryRecord, DeliveryResult, HeldDelivery } from './delivery-results';
export { migrationsApplied } from './migrate';
export { decodeCursor, pageOf } from './cursors';
export type { Page } from './cursors';
export { findNamedSegments, findSegment, insertSegment, listSegments, updateSegment } from './segments';
export type { NewSegment, SegmentQuery, SegmentRow, SegmentStatus } from './segments';
export { findNewestStay } from './stays';
export type { Stay } from './stays';
export { findOnlyEvent, loadEventsAt } from './event-reads';
export type { NamedEvent } from './event-reads';
export { countMembers, countPeople, matchOutsiders, matchPeople, mismatchMembers } from './matches';
export type { Matches, MatchQuestion, SampledPerson } from './matches';
export { countOverlaps } from './overlaps';
export type { Overlaps } from './overlaps';
export { loadSegmentStats } from './segment-stats';
export type { SegmentDay, SegmentStats } from './segment-stats';
export { findPersonId, listMembers, listPersonEvents, loadPerson } from './people';
export type { Member, PersonEvent, PersonProfile } from './people';
export { findDelivery, listAttempts, listDeliveries } from './deliveries';
export type { AttemptRow, DeliveryRow } from './deliveries';
export { replayDeliveries, retryDeadDeliveries, retryDelivery, skipOpenDeliveries } from './delivery-resends';
export { countDeliveries, foldDeliveryTallies } from './delivery-tallies';
export type { DeliveryFilter, DeliveryStatus } from './delivery-walk';
