export type { Backlog } from './backlog';
export { cleanFailedEvents } from './clean-failed';
export {
  migrateQueues,
  openQueueBackend,
  type QueueBackend,
  type QueueBackendSettings,
  redisWarnings,
} from './connection';
export {
  type Consumer,
  type ConsumerEvents,
  GiveUpError,
  makeConsumer,
  PutBackError,
  PutOffError,
} from './consume';
export { openHealth } from './health';
export { type Payload, QUEUE_NAMES, type QueueName, QUEUES } from './contract';
export { consumerEvents, failureOf } from './failure';
export { makeProducer, type Producer, type QueueCounts, QueueUnavailableError } from './produce';
export { keepTimetable } from './timetable';
