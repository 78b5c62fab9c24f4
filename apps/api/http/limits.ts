// Every bound of requests and answers, in one place; those of an event are in packages/events/limits.ts.

/** 1 MiB, of the body as it is after decompression. */
export const BODY_BYTES_MAX = 1_048_576;
/** Values in a body, those of nested objects and lists too. Of events there are as many as fit into the body. */
export const BODY_VALUES_MAX = 25_000;
/** Levels of objects and lists in such a body. */
export const BODY_NESTING_MAX = 64;
/** Faults that a refusal lists; it then says how many more there are. */
export const FAULTS_MAX = 100;
/** Bytes of a request's line and headers together (Node's default). */
export const HEAD_BYTES_MAX = 16_384;
/** Until the headers of a request are there (ms), and until all of it is. */
export const HEAD_LIMIT_MS = 30_000;
export const REQUEST_LIMIT_MS = 60_000;
/** How often it is looked for requests that take longer (ms). */
export const LATE_CHECK_MS = 5_000;
/** Connections of a process; a further one is closed at once. */
export const CONNECTIONS_MAX = 5_000;
/** Requests of one connection, which is then closed: so clients that keep one open for ever are balanced anew. */
export const REQUESTS_PER_CONNECTION_MAX = 100_000;
/** A download is cut when the client takes nothing of it for this long (ms). */
export const DOWNLOAD_STALL_MS = 60_000;
/** What an explanation shows of what conditions were held against (characters of JSON, all conditions together). */
export const EXPLAINED_CHARS_MAX = 262_144;
