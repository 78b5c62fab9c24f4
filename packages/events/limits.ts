// Every bound of what comes in, in one place: the schemas hold them, the documentation lists them.

/** Events that one request may carry. */
export const EVENTS_PER_REQUEST_MAX = 1_000;
/** Bytes of one event as compact JSON in UTF-8. */
export const EVENT_BYTES_MAX = 65_536;
/** Keys of properties and traits together, nested ones included. */
export const EVENT_KEYS_MAX = 1_000;
/** Levels of objects and lists in properties or in traits; the outermost is the first. */
export const EVENT_NESTING_MAX = 20;
/** Names of events and traits, and ids of people, messages and subscriptions. */
export const NAME_CHARS_MAX = 200;
export const STATUS_CHARS_MAX = 100;
export const CURRENCY_CHARS_MAX = 10;
/** The longest address of RFC 5321: 64 characters, "@" and 255. An index of PostgreSQL takes at most 2,704 bytes. */
export const EMAIL_CHARS_MAX = 320;
export const PHONE_CHARS_MAX = 64;

/** Numbers below are no epoch milliseconds (3 March 1973), but seconds. */
export const EPOCH_MS_MIN = 100_000_000_000;
/** 9999-12-31T23:59:59.999Z in epoch milliseconds. */
export const TIMESTAMP_MAX_MS = 253_402_300_799_999;

/** What a person holds at most. What comes beyond it is dropped and counted; the event itself is kept. */
export const PERSON_LIMITS = { trait: 1_000, anonymousId: 500, userId: 50, subscription: 200 } as const;
/** A kind of thing that a person holds only so many of. */
export type PersonLimit = keyof typeof PERSON_LIMITS;
