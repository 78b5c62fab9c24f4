import type { Lanes, Turns } from '#concurrency';
import type { Database, Transact } from '#database';
import type { DefinitionCache, RememberedEvents } from '#decisions';
import type { Payload, Producer, QueueBackend } from '#queues';
import type { Clock, Counters, Log } from '#runtime';
import type { Retention } from './retention/sweep';

/** What a worker is made with. `clock` only in tests. */
export type Pipeline = {
  readonly db: Database;
  readonly transact: Transact;
  readonly backend: QueueBackend;
  readonly producer: Producer;
  readonly counters: Counters;
  readonly log: Log;
  readonly clock?: Clock;
  /** When everybody is evaluated, as a cron expression; undefined for never. */
  readonly evaluationCron?: string;
  /** How long what is stored stays. Unless given: events for ever, bodies of deliveries for 90 days. */
  readonly retention?: Retention;
};

/** What its stages share. */
export type SharedTools = Pipeline & {
  readonly definitions: DefinitionCache;
  readonly recent: RememberedEvents;
  /** Tells the dispatcher that a destination has something to send. */
  readonly wakeRelay: (destination: string) => Promise<void>;
  /** One for each lane, shared by the stages that lock people. */
  readonly turns: readonly Turns[];
};

/** Decides about people who may have changed. */
export type Evaluation = {
  /** Resolves once the decisions are committed. @throws GiveUpError, StoppedError */
  readonly evaluate: (payload: Payload<'evaluations'>) => Promise<void>;
  readonly lanes: Pick<Lanes<unknown>, 'close'>;
};

/** The same, and what one stage has of another of this process. */
export type Tools = SharedTools & {
  /** Null where the evaluation stage runs elsewhere. */
  readonly evaluation: Evaluation | null;
};
