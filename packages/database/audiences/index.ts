export { entryKey, KEY_CHARS } from './keys';
export { type Dirty, dropOldestDirty, listDirty, markAudiencePeople, takeDirty } from './dirty';
export {
  type AudienceMember,
  type AudiencePerson,
  loadAudienceMembers,
  loadEmails,
  readAudiencePeople,
  walkAudienceMembers,
  walkSegmentMembers,
  writeAudienceMembers,
} from './members';
export {
  type EntryCause,
  type EntryPlace,
  findSharedParts,
  forgetEntries,
  insertEntries,
  type LockedEntry,
  lockEntries,
  type NewEntry,
  redirectEntries,
  walkEntries,
} from './entries';
export {
  type EntryDelivery,
  insertEntryDeliveries,
  skipEntryDeliveries,
  withdrawDeliveries,
} from './deliveries';
export { beginEntries, doubtEntries, doubtNeighbours, type EntryAttempt, settleEntries } from './results';
export {
  type AudienceRequest,
  type AudienceRow,
  beginWalk,
  loadAudiences,
  loadSyncSegments,
  lookForAudienceWork,
  moveWalk,
  nextWalk,
  postponeWalk,
  requestAudiences,
  requestScheduledAudiences,
  type SyncSegment,
  takeAudienceRequests,
  takeReconcileTurn,
  type WalkKind,
} from './walks';
export { type AudienceCounts, listAudiences } from './list';
