import type { JsonObject } from '../event';
import type { AccountUpdate, Rejection, RejectionCode, SourceOutcome } from '../incoming';
import { jsonFault, type JsonSize } from '../json-bounds';
import type { Receipt } from '../sequence';
import { faulty, type Field } from './field';
import { type Dated, placeEvents } from './place-events';
import { objectOf, textOf } from './reading';

/** What an item became: an event, with how far its time lies after the receipt, or something said of an account. */
export type Taken = Dated | { readonly account: AccountUpdate };

/** Counts what is put right while items are read: see `SourceCounts`. */
export type Tally = {
  unreadableTimestamps: number;
  readonly blockedIds: { userId: number; anonymousId: number; previousId: number };
};

/** Items that one batch may carry, as the Segment API has it. */
export const ITEMS_MAX = 2_500;

/** Bytes of one item's JSON, as the Segment API has it. */
export const ITEM_BYTES_MAX = 32 * 1024;

/** A character takes 6 bytes at most (`\u001f`). */
const CHAR_BYTES_MAX = 6;
/** A number has 24 characters at most; with it go quotes, a comma, a colon. */
const VALUE_BYTES_MAX = 32;

/** Nearly every item has so few characters that it need not be written out to know. */
function isTooLarge(item: JsonObject, { chars, values }: JsonSize): boolean {
  if (chars * CHAR_BYTES_MAX + values * VALUE_BYTES_MAX <= ITEM_BYTES_MAX) return false;
  return new TextEncoder().encode(JSON.stringify(item)).length > ITEM_BYTES_MAX;
}

type ReadItem = (item: JsonObject, tally: Tally) => Field<Taken>;

function take(item: unknown, read: ReadItem, tally: Tally): Field<Taken> {
  const object = objectOf(item);
  if (object === null) return faulty('invalid_event', 'must be an object');
  // Before its size: writing JSON of any depth would end the stack.
  const size = { keys: 0, chars: 0, values: 0 };
  const wrong = jsonFault(object, size, 0);
  if (wrong !== null) return faulty('invalid_event', wrong);
  if (isTooLarge(object, size))
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
 * @param receipt of the body: its events get their places by it
 */
export function takeItems(
  items: readonly unknown[],
  read: ReadItem,
  messageIdOf: (item: JsonObject) => unknown,
  isStrict: boolean,
  receipt: Receipt,
): SourceOutcome {
  if (items.length > ITEMS_MAX) return refuseBody('too_many_items', `a batch has at most ${ITEMS_MAX} items`);
  const tally: Tally = {
    unreadableTimestamps: 0,
    blockedIds: { userId: 0, anonymousId: 0, previousId: 0 },
  };
  const dated: Dated[] = [];
  const accounts: AccountUpdate[] = [];
  const rejected: Rejection[] = [];
  for (const [index, item] of items.entries()) {
    const field = take(item, read, tally);
    if ('fault' in field) {
      rejected.push({ index, messageId: reportedId(messageIdOf(objectOf(item) ?? {})), ...field.fault });
    } else if ('event' in field.value) dated.push(field.value);
    else accounts.push(field.value.account);
  }
  if (isStrict && rejected.length > 0) return { accepted: false, rejected };
  const events = placeEvents(dated, receipt);
  return { accepted: true, events, accounts, rejected, counts: tally };
}
