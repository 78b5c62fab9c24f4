/** Settings of PostgreSQL by their names, for a session. */
export type SessionSettings = Readonly<Record<string, string>>;

/**
 * What this program reads and writes values by. A database or a role may say otherwise (`ALTER ROLE … SET`): the texts of
 * instants would be others, arrays would lose their NULLs, and transactions would be other than the locks count on.
 */
const MEANING = {
  DateStyle: 'ISO, MDY',
  IntervalStyle: 'postgres',
  TimeZone: 'UTC',
  client_encoding: 'UTF8',
  standard_conforming_strings: 'on',
  bytea_output: 'hex',
  extra_float_digits: '1',
  array_nulls: 'on',
  transform_null_equals: 'off',
  default_transaction_isolation: 'read committed',
  default_transaction_deferrable: 'off',
} as const satisfies SessionSettings;

/** PgBouncer keeps these for each client, in every session that a transaction gets. */
export const KEPT_BY_POOLERS: readonly string[] = [
  'DateStyle',
  'TimeZone',
  'client_encoding',
  'standard_conforming_strings',
];

/** An answer that takes longer (ms) never comes: the network is cut. No statement of ours takes a tenth of it. */
export const ANSWER_LIMIT_MS = 60_000;

// jit and custom plans cost more than they gain on statements of a few hundred rows: planning a list of 500 ids
// alone takes a millisecond.
// Whole-table scans are priced out of the plans: a plan that is made while a table is small or empty would keep one, and
// is kept until the table is next analyzed.
/** For everything that the pipeline does. The server gives up a statement when nobody waits for its answer any more. */
export const PIPELINE_SESSION: SessionSettings = {
  ...MEANING,
  default_transaction_read_only: 'off',
  statement_timeout: String(ANSWER_LIMIT_MS),
  jit: 'off',
  plan_cache_mode: 'force_generic_plan',
  enable_seqscan: 'off',
};

/** What a statement of {@link READS_SESSION} may take (ms). */
export const READ_LIMIT_MS = 15_000;

// Each of these statements is made for one question: it is planned with its values, never prepared by name, can't write,
// and is ended by the server when it takes too long.
export const READS_SESSION: SessionSettings = {
  ...MEANING,
  default_transaction_read_only: 'on',
  statement_timeout: String(READ_LIMIT_MS),
  jit: 'off',
  plan_cache_mode: 'force_custom_plan',
  enable_seqscan: 'off',
};

/**
 * For BullMQ, which finds its tables by the search path.
 * @param durable false: what the session writes may be lost in a crash of the database
 */
export function queueSession(durable: boolean): SessionSettings {
  return {
    ...MEANING,
    default_transaction_read_only: 'off',
    statement_timeout: String(ANSWER_LIMIT_MS),
    search_path: 'bullmq',
    jit: 'off',
    ...(durable ? {} : { synchronous_commit: 'off' }),
  };
}

/** For migrations: a statement takes as long as it takes. */
export const MIGRATION_SESSION: SessionSettings = {
  ...MEANING,
  default_transaction_read_only: 'off',
  statement_timeout: '0',
  lock_timeout: '0',
  idle_in_transaction_session_timeout: '0',
};
