import type { DestinationKind } from '#automations';
import type { Database } from '#database';
import type { Destination } from '#destinations';
import type { Producer } from '#queues';
import type { Clock, Counters, Log } from '#runtime';
import type { SecretBox } from '#secrets';
import type { Watch } from './operations/watch';

/**
 * What the API is made with. An empty list of keys means open, which only a process on loopback may be; an entry is `key`
 * or `name:key`.
 */
export type AppDeps = {
  readonly db: Database;
  /** For reads over many people, of the same database or of a replica: `connectForReads`. */
  readonly reads: Database;
  readonly producer: Producer;
  readonly watch: Watch;
  readonly log: Log;
  readonly counters: Counters;
  readonly writeKeys: readonly string[];
  readonly adminKeys: readonly string[];
  /** They read /metrics and nothing else. */
  readonly metricsKeys?: readonly string[];
  /** Ranges beside the public internet that webhooks may be sent to. */
  readonly webhookAllowCidrs: readonly string[];
  /** Seals what is stored of webhooks. */
  readonly secretBox: SecretBox;
  /** What automations are tried out with; deliveries are the dispatcher's. */
  readonly destinations: Readonly<Record<DestinationKind, Destination>>;
  /** Only in tests; otherwise a minute: how long a client may take nothing of a download before it is cut (ms). */
  readonly downloadStallMs?: number;
  /** Only in tests; otherwise events are dated by this process's clock, decisions by the database's. */
  readonly clock?: Clock;
};
