export { migrateQueues, openQueueBackend, redisWarnings } from './connection';
export type { QueueBackend, QueueBackendSettings } from './connection';
export { GiveUpError, makeConsumer, PutBackError, PutOffError } from './consume';
export type { Consumer, ConsumerEvents } from './consume';
export { QUEUE_NAMES, QUEUES } from './contract';
export type { Payload, QueueName } from './contract';
export { makeProducer, QueueUnavailableError } from './produce';
export type { Producer, QueueCounts } from './produce';
export { keepTimetable } from './timetable';
