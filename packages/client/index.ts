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
export { explanationAnswerSchema } from './explanation';
export { dryRunAnswerSchema, previewAnswerSchema, previewSchema } from './preview';
export { exportQuerySchema, overlapAnswerSchema, overlapQuerySchema } from './reports';
export type { ExportFormat } from './reports';
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
