export { claimDeadlines, msUntilDeadline } from './decisions/deadlines';
export type { DuePerson } from './decisions/deadlines';
export { foldTallies } from './segments/tallies';
export type { FoldPlace } from './segments/tallies';
export { makeCounters, readCounters } from './connection/counters';
export { connect, connectQueuePool, inTransaction } from './connection/connect';
export { connectForReads, inHeavyRead, inSnapshot } from './segments/heavy-reads';
export type { HeavySql } from './segments/heavy-reads';
export type { Connection, Database, Sql } from './connection/connect';
export { inOrder } from './connection/pipelined';
export type { Transact } from './connection/pipelined';
export { classifyFailure, sqlStateOf } from './connection/errors';
export type { DatabaseFailure } from './connection/errors';
export { startEmbeddedPostgres } from '../embedded-postgres/embedded-postgres';
export { applyMigrations } from './connection/migrate';
export {
  createPeople,
  createPeopleByEmail,
  findByEmail,
  findIdentities,
  findPeople,
  linkIdentities,
} from './people/identities';
export type { IdentityKind, IdentityLink, KnownIdentity } from './people/identities';
export { insertDeadEvent, insertEvents, lockPeople } from './people/events';
export type { LockedPeople, StoredEvent } from './people/events';
export {
  addToPeople,
  insertActiveDays,
  setEmails,
  setPhones,
  upsertSubscriptions,
  upsertTraits,
} from './people/facts';
export type { ActiveDay, PersonGain, SubscriptionChange, TraitUpdate } from './people/facts';
export {
  loadFilteredInstants,
  loadInstants,
  loadOpenStays,
  loadSubscriptions,
  loadTraits,
  lockForDecision,
  readForDecision,
  readNow,
} from './decisions/reads';
export type { LockedPerson } from './decisions/reads';
export { appendTallies, closeStays, insertDeliveries, markDecided, openStays } from './decisions/writes';
export type { DecidedPerson, NewDelivery, Tally, TransitionCause, WrittenStay } from './decisions/writes';
export { currentFeatureRules, findFeatureRules, insertFeatureRules } from './people/feature-rules';
export type { FeatureRulesVersion } from './people/feature-rules';
export { findRecounts, findUncounted, rebuildActiveDays, writeRecounts } from './people/recounts';
export type { Recount } from './people/recounts';
export { loadDefinitions, raiseRevision } from './segments/definitions';
export type { DefinitionRow } from './segments/definitions';
export { decideStep, planForChunks, STEP_SEGMENTS_MAX } from './decisions/decide-in-sql';
export type { DecisionStep, StepTransition } from './decisions/decide-in-sql';
export {
  askForScheduledEvaluation,
  endEvaluation,
  findEvaluation,
  findOpenEvaluations,
  insertEvaluation,
  findUnreached,
  loadStanding,
  startEvaluation,
} from './evaluations/evaluations';
export type { EvaluationKind, EvaluationRow, EvaluationStatus, RunStanding } from './evaluations/evaluations';
export { advancePart, findOpenParts, findUnsettled, lockChunk } from './evaluations/parts';
export type { EvaluationPart, LockedChunk } from './evaluations/parts';
export { keepIdentifiers, settleIdentifiers } from './deliveries/audience-identifiers';
export type { AudienceEntry } from './deliveries/audience-identifiers';
export { claimDueDeliveries } from './deliveries/claims';
export type {
  ClaimedDeliveries,
  ClaimedGroup,
  ClaimRequest,
  DeliveryLane,
  EndpointMax,
} from './deliveries/claims';
export { takeUpDeliveries } from './deliveries/take-up';
export type { DeliveryContext, TakeUp } from './deliveries/take-up';
export {
  countGates,
  listGates,
  OPEN_AFTER,
  reportTrouble,
  resumeDeliveries,
  returnTry,
  WHOLE_DESTINATION,
} from './deliveries/gates';
export type { GateCount, GateRow, GateState, GateTrouble } from './deliveries/gates';
export { announceDestination, listDestinations, takePlace } from './deliveries/destination-status';
export type { DestinationRow } from './deliveries/destination-status';
export {
  moveDelivery,
  recordDeliveryResults,
  releaseDeliveries,
  storeDeliveryBodies,
} from './deliveries/results';
export type { DeliveryAttemptRecord, DeliveryRecord, DeliveryResult, HeldDelivery } from './deliveries/results';
export { migrationsApplied } from './connection/migrate';
export { decodeCursor, pageOf } from './connection/cursors';
export type { Page } from './connection/cursors';
export { findNamedSegments, findSegment, insertSegment, listSegments, updateSegment } from './segments/segments';
export type { NewSegment, SegmentQuery, SegmentRow, SegmentStatus } from './segments/segments';
export { findNewestStay } from './segments/memberships';
export type { Stay } from './segments/memberships';
export { findOnlyEvent, loadEventsAt } from './people/named-events';
export type { NamedEvent } from './people/named-events';
export { countMembers, countPeople, matchOutsiders, matchPeople, mismatchMembers } from './segments/matches';
export type { Matches, MatchQuestion, SampledPerson } from './segments/matches';
export { countOverlaps } from './segments/overlaps';
export type { Overlaps } from './segments/overlaps';
export { loadSegmentStats } from './segments/stats';
export type { SegmentDay, SegmentStats } from './segments/stats';
export { findPersonId, listMembers, listPersonEvents, loadPerson } from './people/people';
export type { Member, PersonEvent, PersonProfile } from './people/people';
export { findDelivery, listAttempts, listDeliveries } from './deliveries/list';
export type { AttemptRow, DeliveryRow } from './deliveries/list';
export { replayDeliveries, retryDeadDeliveries, retryDelivery, skipOpenDeliveries } from './deliveries/resends';
export { countDeliveries, foldDeliveryTallies } from './deliveries/tallies';
export type { DeliveryFilter, DeliveryStatus } from './deliveries/pages';
