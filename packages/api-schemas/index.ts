export { deadEventsAnswerSchema, erasureAnswerSchema } from './erasures';
export { audienceAnswerSchema, audiencesAnswerSchema, reconcileAudienceSchema } from './audiences';
export { explanationAnswerSchema } from './explanation';
export { dryRunAnswerSchema, previewAnswerSchema, previewSchema } from './preview';
export {
  auditAnswerSchema,
  type ExportFormat,
  exportQuerySchema,
  overlapAnswerSchema,
  overlapQuerySchema,
} from './reports';
export {
  archiveQuerySchema,
  deliveriesQuerySchema,
  evaluateSchema,
  makeSegmentSchemas,
  noQuerySchema,
  pageQuerySchema,
  resumeSchema,
  replayDeliveriesSchema,
  retryDeliveriesSchema,
  rotateSecretSchema,
  segmentSchemas,
  segmentsQuerySchema,
  subscriptionSchema,
  testAutomationsSchema,
} from './requests';
export {
  featureSettingsAnswerSchema,
  featureSettingsEditAnswerSchema,
  featureSettingsSchema,
} from './settings';
export {
  acceptedAnswerSchema,
  automationTestAnswerSchema,
  batchAnswerSchema,
  deliveriesAnswerSchema,
  deliveryAnswerSchema,
  destinationsAnswerSchema,
  evaluationAnswerSchema,
  membersAnswerSchema,
  personAnswerSchema,
  personEvaluationsAnswerSchema,
  personEventsAnswerSchema,
  problemSchema,
  queuesAnswerSchema,
  resumedAnswerSchema,
  replayedAnswerSchema,
  retriedAnswerSchema,
  rotatedAnswerSchema,
  segmentAnswerSchema,
  segmentEditAnswerSchema,
  segmentsAnswerSchema,
  segmentSchema,
  statsAnswerSchema,
} from './responses';
