export { makeClient } from './client';
export type {
  ClientSettings,
  CreateSegment,
  FeatureSettings,
  SegmentEngineClient,
  SubscriptionState,
  TrackEvent,
  UpdateSegment,
} from './client';
export { ProblemError } from './problem-error';
export type { ProblemBody } from './problem-error';
export {
  deliveriesQuerySchema,
  evaluateSchema,
  makeSegmentSchemas,
  pageQuerySchema,
  retryDeliveriesSchema,
  segmentSchemas,
  segmentsQuerySchema,
  subscriptionSchema,
} from './requests';
export {
  featureSettingsAnswerSchema,
  featureSettingsEditAnswerSchema,
  featureSettingsSchema,
} from './settings';
export {
  acceptedAnswerSchema,
  batchAnswerSchema,
  deliveriesAnswerSchema,
  deliveryAnswerSchema,
  evaluationAnswerSchema,
  membersAnswerSchema,
  personAnswerSchema,
  personEvaluationsAnswerSchema,
  personEventsAnswerSchema,
  problemSchema,
  queuesAnswerSchema,
  retriedAnswerSchema,
  segmentAnswerSchema,
  segmentEditAnswerSchema,
  segmentsAnswerSchema,
  segmentSchema,
  statsAnswerSchema,
} from './responses';
