import type { JsonObject } from '../../event';
import type { IncomingEvent } from '../../incoming';
import { isMachineAgent } from '../../mail/machine-clicks';
import type { MailFact } from '../../mail/mail-facts';
import type { Receipt } from '../../sequence';
import { cleanObject } from '../../text';
import { instantOf } from '../occurrence';
import { placeEvents } from '../place-events';
import { at, given, listOf, objectOf, textOf } from '../reading';
import { addressesOf } from './addresses';
import { mailFactsOf } from './facts';

/** What a webhook is read with, beside its verified body. */
export type ResendOptions = {
  /** The `svix-id`: the same whenever the webhook is sent again. */
  readonly webhookId: string;
  readonly receipt: Receipt;
  /** Whether mail to an address of nobody is dropped, instead of making a person known by it. */
  readonly onlyIfKnown?: boolean;
};

/** What a webhook of Resend became; both lists are empty where it concerns nobody. */
export type ResendOutcome = {
  readonly events: readonly IncomingEvent[];
  readonly facts: readonly MailFact[];
};

/** What happens to a mail that was sent. What comes in (`email.received`) is nobody's here. */
const EVENTS = new Set(
  'opened clicked delivered sent delivery_delayed scheduled failed bounced complained suppressed'
    .split(' ')
    .map((word) => `email.${word}`),
);

const FACTS = new Set([
  'suppression.added',
  'suppression.removed',
  'contact.created',
  'contact.updated',
  'contact.topics.updated',
]);

/** Tags are an object, or a list of names and values. */
function tagsOf(tags: unknown): JsonObject | null {
  const listed = listOf(tags).flatMap((tag) => {
    const name = textOf(at(tag, 'name'));
    const value = at(tag, 'value');
    return name === null || typeof value !== 'string' ? [] : [[name, value] as const];
  });
  return objectOf(tags) ?? (listed.length === 0 ? null : Object.fromEntries(listed));
}

/** What is kept of a mail's event. The click's IP address and user agent are not: they are personal. */
function propertiesOf(type: string, data: JsonObject): JsonObject {
  const isClick = type === 'email.clicked';
  return cleanObject(
    given({
      emailId: textOf(data['email_id']),
      subject: textOf(data['subject']),
      broadcastId: textOf(data['broadcast_id']),
      tags: tagsOf(data['tags']),
      link: isClick ? textOf(at(data, 'click', 'link')) : null,
      machine: isClick && isMachineAgent(at(data, 'click', 'userAgent')) ? true : null,
      reason: type === 'email.failed' ? textOf(at(data, 'failed', 'reason')) : null,
      type: textOf(at(data, type === 'email.bounced' ? 'bounce' : 'suppressed', 'type')),
      subType: type === 'email.bounced' ? textOf(at(data, 'bounce', 'subType')) : null,
    }),
  );
}

function eventsOf(type: string, data: JsonObject, atMs: number, options: ResendOptions): IncomingEvent[] {
  const { webhookId, receipt, onlyIfKnown } = options;
  const receivedAt = receipt.atMs;
  const properties = propertiesOf(type, data);
  return addressesOf(data['to']).map((email) => ({
    messageId: `resend:${webhookId}:${email}`,
    name: type.replace('.', '_'),
    email,
    occurredAt: Math.min(atMs, receivedAt),
    receivedAt,
    properties,
    ...(onlyIfKnown === true ? { onlyIfKnown } : {}),
  }));
}

/**
 * What a webhook of Resend says: an event of each address that a mail went to, and dated facts of addresses. The
 * signature has been verified before. Types that are not known say nothing.
 */
export function fromResend(body: unknown, options: ResendOptions): ResendOutcome {
  const type = textOf(at(body, 'type'));
  const data = objectOf(at(body, 'data'));
  if (type === null || data === null || !(EVENTS.has(type) || FACTS.has(type)))
    return { events: [], facts: [] };
  // The webhook's time: `data.created_at` is the mail's, which may be days older.
  const createdAt = instantOf(at(body, 'created_at')) ?? options.receipt.atMs;
  const clickedAt = type === 'email.clicked' ? instantOf(at(data, 'click', 'timestamp')) : null;
  const events = EVENTS.has(type) ? eventsOf(type, data, clickedAt ?? createdAt, options) : [];
  const dated = events.map((event) => ({ event, leadMs: 0 }));
  return { events: placeEvents(dated, options.receipt), facts: mailFactsOf(type, data, createdAt) };
}
