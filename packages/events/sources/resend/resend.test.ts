import fc from 'fast-check';
import type { JsonObject } from '../../event';
import { canEmail, mailStateOf } from '../../mail/mail-facts';
import { fromResend } from './resend';

const CREATED = '2026-11-22T10:00:00.126Z';
const CREATED_MS = Date.UTC(2026, 10, 22, 10, 0, 0, 126);
const RECEIVED = CREATED_MS + 5_000;

const webhook = (type: string, data: JsonObject, createdAt = CREATED) => ({
  type,
  created_at: createdAt,
  data,
});
const mail = (more: JsonObject = {}): JsonObject => ({
  created_at: '2026-11-20T00:00:00Z',
  email_id: 'e1',
  from: 'us@shop.example',
  to: ['ana@example.com'],
  subject: 'Hello',
  ...more,
});
const read = (body: unknown, more = {}) =>
  fromResend(body, { webhookId: 'msg_1', receipt: { atMs: RECEIVED, before: 0 }, ...more });
const factsOf = (body: unknown) => read(body).facts.map(({ fact, isSet }) => [fact, isSet]);

test('R1: a mail to two addresses is an event of each', () => {
  const { events, facts } = read(
    webhook('email.opened', mail({ to: ['ana@example.com', 'ben@example.com'] })),
  );
  expect(events).toEqual(
    ['ana@example.com', 'ben@example.com'].map((email, index) => ({
      messageId: `resend:msg_1:${email}`,
      name: 'email_opened',
      email,
      occurredAt: CREATED_MS,
      receivedAt: RECEIVED,
      ...(index === 0 ? {} : { sequence: index }),
      properties: { emailId: 'e1', subject: 'Hello' },
    })),
  );
  expect(facts).toEqual([]);
});

test('R2: the same webhook twice is the same events', () => {
  const body = webhook('email.opened', mail());
  expect(read(body)).toEqual(read(body));
});

test('R3: an address of nobody makes a person unless that is not wanted; no trait is set', () => {
  const body = webhook('email.opened', mail());
  expect(read(body).events[0]).not.toHaveProperty('onlyIfKnown');
  expect(read(body).events[0]).not.toHaveProperty('traits');
  expect(read(body, { onlyIfKnown: true }).events[0]?.onlyIfKnown).toBe(true);
});

test('R4: addresses are compared in lower case, with or without a name, and once each', () => {
  const addresses = (to: JsonObject[string]) =>
    read(webhook('email.opened', mail({ to }))).events.map(({ email }) => email);
  expect(addresses('Ana@Example.com')).toEqual(['ana@example.com']);
  expect(addresses(['Ana <Ana@Example.com>', 'ana@example.com', ' ANA@example.com '])).toEqual([
    'ana@example.com',
  ]);
  for (const to of [[], null, 'nobody', ['a b@x.example', 7, 'a\0@x.example', '<>']])
    expect(addresses(to)).toEqual([]);
});

test('R6: a click is dated with itself, and needs no open', () => {
  const click = {
    link: 'https://shop.example/a',
    timestamp: '2026-11-22T09:59:00Z',
    ipAddress: '10.0.0.1',
    userAgent: 'Mozilla/5.0 (X11) Firefox/140',
  };
  const [event] = read(
    webhook('email.clicked', mail({ click, broadcast_id: 'b1', tags: { kind: 'news' } })),
  ).events;
  expect(event).toMatchObject({ name: 'email_clicked', occurredAt: Date.UTC(2026, 10, 22, 9, 59) });
  expect(event?.properties).toEqual({
    emailId: 'e1',
    subject: 'Hello',
    broadcastId: 'b1',
    tags: { kind: 'news' },
    link: 'https://shop.example/a',
  });
  const scanned = read(webhook('email.clicked', mail({ click: { ...click, userAgent: '' } }))).events[0];
  expect(scanned?.properties).toMatchObject({ machine: true });
});

test('R7: a bounce for good is a fact, a passing one is not', () => {
  const bounced = (type: string) =>
    webhook('email.bounced', mail({ bounce: { type, subType: 'General', message: 'x' } }));
  expect(factsOf(bounced('Permanent'))).toEqual([['bounced', true]]);
  expect(factsOf(bounced('Transient'))).toEqual([]);
  expect(read(bounced('Transient')).events[0]).toMatchObject({
    name: 'email_bounced',
    properties: { type: 'Transient', subType: 'General' },
  });
});

test('R8: a complaint is a fact, dated with the webhook and not with the mail', () => {
  const { events, facts } = read(webhook('email.complained', mail()));
  expect(events[0]?.name).toBe('email_complained');
  expect(facts).toEqual([{ address: 'ana@example.com', fact: 'complained', isSet: true, at: CREATED_MS }]);
});

test("R9: a contact's choice is dated: the newest counts, in any order of arrival", () => {
  const contact = (unsubscribed: boolean, at: string) =>
    read(webhook('contact.updated', { id: 'c1', email: 'Ana@Example.com', unsubscribed }, at)).facts;
  const older = contact(true, '2026-11-22T10:00:00Z');
  const newer = contact(false, '2026-11-22T10:00:01Z');
  expect(mailStateOf([...newer, ...older]).unsubscribed).toBeNull();
  expect(mailStateOf([...older, ...newer]).unsubscribed).toBeNull();
  expect(read(webhook('contact.updated', { email: 'ana@example.com', unsubscribed: true })).events).toEqual(
    [],
  );
});

test('R10: a suppression by hand can be taken back; a complaint stays', () => {
  const suppression = (type: string, origin: string, at: string) =>
    read(webhook(`suppression.${type}`, { id: 's1', email: 'ana@example.com', origin, source_id: null }, at))
      .facts;
  const added = suppression('added', 'manual', '2026-11-22T10:00:00Z');
  const removed = suppression('removed', 'manual', '2026-11-22T11:00:00Z');
  const complained = suppression('added', 'complaint', '2026-11-22T10:30:00Z');
  expect(mailStateOf(added).unsubscribed).not.toBeNull();
  expect(canEmail('ana@example.com', mailStateOf([...removed, ...added]))).toBe(true);
  expect(canEmail('ana@example.com', mailStateOf([...complained, ...removed, ...added]))).toBe(false);
  expect(suppression('added', 'bounce', CREATED)[0]?.fact).toBe('bounced');
  expect(suppression('added', 'constructor', CREATED)).toEqual([]);
});

test('R13: a type that is not known says nothing', () => {
  const nothing = { events: [], facts: [] };
  for (const type of [
    'email.teleported',
    'email.received',
    'contact.deleted',
    'domain.created',
    'topic.created',
  ]) {
    expect(read(webhook(type, mail({ email: 'ana@example.com', unsubscribed: true })))).toEqual(nothing);
  }
  for (const body of [null, [], 'x', {}, { type: 'email.opened' }, { type: 7, data: {} }]) {
    expect(read(body)).toEqual(nothing);
  }
});

test('the other types: what they are called and what they say', () => {
  const nameOf = (type: string, more: JsonObject = {}) => read(webhook(type, mail(more))).events[0];
  for (const word of ['sent', 'delivered', 'delivery_delayed', 'scheduled']) {
    expect(nameOf(`email.${word}`)?.name).toBe(`email_${word}`);
  }
  expect(nameOf('email.failed', { failed: { reason: 'reached_daily_quota' } })).toMatchObject({
    name: 'email_failed',
    properties: { reason: 'reached_daily_quota' },
  });
  const suppressed = (type: string) =>
    factsOf(webhook('email.suppressed', mail({ suppressed: { type, message: 'x' } })));
  expect([suppressed('Bounce'), suppressed('complaint'), suppressed('x')]).toEqual([
    [['bounced', true]],
    [['complained', true]],
    [],
  ]);
  const topics = [{ id: 't1', subscription: 'opt_in' }, { id: 't2', subscription: 'opt_out' }, { id: 't3' }];
  expect(factsOf(webhook('contact.topics.updated', { email: 'ana@example.com', topics }))).toEqual([
    [{ topicId: 't1' }, true],
    [{ topicId: 't2' }, false],
  ]);
});

test('times: one that can not be read, or lies ahead, is the receipt', () => {
  const occurred = (createdAt: string) =>
    read(webhook('email.opened', mail(), createdAt)).events[0]?.occurredAt;
  expect(occurred('2026-11-22 09:00:00.894719+00:00')).toBe(Date.UTC(2026, 10, 22, 9, 0, 0, 894));
  expect([occurred('x'), occurred('2030-01-01T00:00:00Z')]).toEqual([RECEIVED, RECEIVED]);
});

test('no body makes it throw', () => {
  const type = fc.constantFrom(
    'email.opened',
    'email.clicked',
    'email.bounced',
    'contact.topics.updated',
    'suppression.added',
  );
  fc.assert(
    fc.property(type, fc.jsonValue(), fc.jsonValue(), (name, data, created) => {
      expect(Array.isArray(read({ type: name, created_at: created, data }).events)).toBe(true);
    }),
  );
});
