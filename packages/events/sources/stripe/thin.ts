import type { JsonObject } from '../../event';
import { parseInstant } from '../../instant';
import { at, textOf } from '../reading';

/** A notification that carries no object: it has to be fetched. */
export type ThinNotification = {
  readonly eventId: string;
  /** The type of the ordinary event: without `v1.`. */
  readonly type: string;
  /** Epoch milliseconds, null where it can't be read. */
  readonly at: number | null;
  /** Where the object is, e.g. `/v1/subscriptions/sub_1`; null where there is nothing for us to fetch. */
  readonly path: string | null;
  /** The Connect account it is of. */
  readonly account: string | null;
};

const FOLLOWED =
  /^v1\.(?:customer\.(?:subscription\.[a-z_]+|created|updated|discount\.[a-z]+)|checkout\.session\.completed|invoice\.(?:paid|payment_failed))$/;

/** Only below the vendor's own API: the notification says where our key is sent. */
const PATH = /^\/v1(?:\/[A-Za-z0-9_]+)+$/;

/** Reads a thin notification (endpoints of that kind send them, signed as usual); null for any other body. */
export function thinNotificationOf(body: unknown): ThinNotification | null {
  const eventId = textOf(at(body, 'id'));
  const type = textOf(at(body, 'type'));
  if (at(body, 'object') !== 'v2.core.event' || eventId === null || type === null) return null;
  const path = textOf(at(body, 'related_object', 'url'));
  const isFollowed = FOLLOWED.test(type) && path !== null && PATH.test(path);
  return {
    eventId,
    type: type.replace(/^v1\./, ''),
    at: parseInstant(textOf(at(body, 'created')) ?? ''),
    path: isFollowed ? path : null,
    account: textOf(at(body, 'context')) ?? textOf(at(body, 'account')),
  };
}

/**
 * The ordinary event of a fetched object, dated with the fetch: the object is newer than the notification.
 * @param twinId the id of the ordinary event that tells the same, if Stripe names one: the two then count once
 */
export function snapshotOf(
  notification: ThinNotification,
  object: JsonObject,
  fetchedAtMs: number,
  twinId: string | null,
): JsonObject {
  return {
    object: 'event',
    id: twinId ?? notification.eventId,
    type: notification.type,
    created: fetchedAtMs / 1000,
    data: { object },
  };
}
