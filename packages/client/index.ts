export { makeClient } from './client';
export type {
  ClientSettings,
  CreateSegment,
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
  replayDeliveriesSchema,
  retryDeliveriesSchema,
  rotateSecretSchema,
  segmentSchemas,
  segmentsQuerySchema,
  subscriptionSchema,
  testAutomationsSchema,
} from './requests';
export {
  acceptedAnswerSchema,
  automationTestAnswerSchema,
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
  replayedAnswerSchema,
  retriedAnswerSchema,
  rotatedAnswerSchema,
  segmentAnswerSchema,
  segmentEditAnswerSchema,
  segmentsAnswerSchema,
  segmentSchema,
  statsAnswerSchema,
} from './responses';
