import type { JsonObject } from '../event';
import type { AccountUpdate, IncomingEvent, Rejection, RejectionCode, SourceOutcome } from '../incoming';
import { faulty, type Field } from './field';
import { jsonFault } from '../text';
import { objectOf, textOf } from './reading';

/** What an item became: an event, or something said of an account. */
export type Taken = { readonly event: IncomingEvent } | { readonly account: AccountUpdate };

/** Counts what is put right while items are read: see `SourceCounts`. */
export type Tally = {
  unreadableTimestamps: number;
  readonly blockedIds: { userId: number; anonymousId: number; previousId: number };
};

/** Items that one batch may carry, as the Segment API has it. */
export const ITEMS_MAX = 2_500;

/** Bytes of one item's JSON, as the Segment API has it. */
export const ITEM_BYTES_MAX = 32 * 1024;

const encoder = new TextEncoder();

function isTooLarge(item: JsonObject): boolean {
  const text = JSON.stringify(item);
  // A UTF-16 unit takes one to three bytes of UTF-8: most items need no encoding to be sure.
  if (text.length > ITEM_BYTES_MAX) return true;
  return text.length * 3 > ITEM_BYTES_MAX && encoder.encode(text).length > ITEM_BYTES_MAX;
}

type ReadItem = (item: JsonObject, tally: Tally) => Field<Taken>;

function take(item: unknown, read: ReadItem, tally: Tally): Field<Taken> {
  const object = objectOf(item);
  if (object === null) return faulty('invalid_event', 'must be an object');
  // Before its size: writing JSON of any depth would end the stack.
  const wrong = jsonFault(object);
  if (wrong !== null) return faulty('invalid_event', wrong);
  if (isTooLarge(object))
    return faulty('event_too_large', `must have at most ${ITEM_BYTES_MAX} bytes of JSON`);
  return read(object, tally);
}

/** An id as the report repeats it: a wrong one may be of any length. */
const reportedId = (messageId: unknown): string | null =>
  textOf(messageId)?.slice(0, 200).toWellFormed() ?? null;

/** The outcome where the body as a whole can't be taken. */
export function refuseBody(code: RejectionCode, message: string): SourceOutcome {
  return { accepted: false, rejected: [{ index: null, messageId: null, code, message }] };
}

/**
 * Reads the items of a body each for itself: a bad one takes no other with it.
 * @param read makes the event of an item that is an object of a fair size
 * @param messageIdOf the item's own id, for the report
 * @param isStrict whether a bad item refuses all
 */
export function takeItems(
  items: readonly unknown[],
  read: ReadItem,
  messageIdOf: (item: JsonObject) => unknown,
  isStrict: boolean,
): SourceOutcome {
  if (items.length > ITEMS_MAX) return refuseBody('too_many_items', `a batch has at most ${ITEMS_MAX} items`);
  const tally: Tally = {
    unreadableTimestamps: 0,
    blockedIds: { userId: 0, anonymousId: 0, previousId: 0 },
  };
  const events: IncomingEvent[] = [];
  const accounts: AccountUpdate[] = [];
  const rejected: Rejection[] = [];
  for (const [index, item] of items.entries()) {
    const field = take(item, read, tally);
    if ('fault' in field) {
      rejected.push({ index, messageId: reportedId(messageIdOf(objectOf(item) ?? {})), ...field.fault });
    } else if ('event' in field.value) events.push(field.value.event);
    else accounts.push(field.value.account);
  }
  if (isStrict && rejected.length > 0) return { accepted: false, rejected };
  return { accepted: true, events, accounts, rejected, counts: tally };
}
