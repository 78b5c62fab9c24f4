export {
  type ClientSettings,
  type CreateSegment,
  type FeatureSettings,
  makeClient,
  type SegmentEngineClient,
  type SubscriptionState,
  type TrackEvent,
  type UpdateSegment,
} from './client';
export { type ProblemBody, ProblemError } from './problem-error';
