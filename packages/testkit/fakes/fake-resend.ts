import { randomUUID } from 'node:crypto';
import type { ServerResponse } from 'node:http';
import { type Disturbances, makeDisturbances } from './disturbances';
import {
  type FakeReceiver,
  type Handler,
  type ReceivedRequest,
  reply,
  startFakeReceiver,
} from './fake-receiver';

export type FakeContact = { readonly id: string; unsubscribed: boolean; readonly segments: Set<string> };

export type FakeResend = FakeReceiver &
  Disturbances & {
    /** Global contacts by lower-cased address. */
    readonly contacts: ReadonlyMap<string, FakeContact>;
    /** Adds a contact as a user of Resend would have. */
    addContact(
      email: string,
      contact?: { unsubscribed?: boolean; segments?: readonly string[] },
    ): FakeContact;
    /** The addresses in a segment, sorted. */
    membersOf(segmentId: string): string[];
    /** Makes a segment one that Resend does not know; every other id exists. */
    forgetSegment(segmentId: string): void;
  };

/** An error as Resend puts it on the wire. */
export function resendError(
  statusCode: number,
  name: string,
  message: string,
  headers: Readonly<Record<string, string>> = {},
): Handler {
  return reply(statusCode, { headers, body: { statusCode, message, name } });
}

/**
 * A local Resend with its contacts and segment memberships (wire format of the SDK 6.38 and its recordings).
 * Like the real one, `POST /contacts` resets what it is not given, and `DELETE /contacts/:email` deletes for good.
 */
export async function startFakeResend(
  options: { readonly apiKey?: string; readonly rate?: FakeRate } = {},
): Promise<FakeResend> {
  const { apiKey = 're_test', rate } = options;
  const contacts = new Map<string, FakeContact>();
  const unknownSegments = new Set<string>();
  const meter = rate === undefined ? unmetered : makeMeter(rate);
  const { disturbances, answer } = makeDisturbances();

  const addContact: FakeResend['addContact'] = (email, { unsubscribed = false, segments = [] } = {}) => {
    const key = email.toLowerCase();
    const known = contacts.get(key);
    const contact = {
      id: known?.id ?? randomUUID(),
      unsubscribed,
      segments: new Set([...(known?.segments ?? []), ...segments]),
    };
    contacts.set(key, contact);
    return contact;
  };
  const state: State = { contacts, addContact, hasSegment: (id) => !unknownSegments.has(id) };

  const receiver = await startFakeReceiver({
    handler: (request, response) => {
      const apply = () => (isAuthorized(request, apiKey) ? answerTo(request, state) : UNAUTHORIZED);
      return (meter(response) ?? answer(request, apply))(request, response);
    },
  });
  return {
    ...receiver,
    ...disturbances,
    contacts,
    addContact,
    membersOf: (segmentId) =>
      [...contacts]
        .filter(([, contact]) => contact.segments.has(segmentId))
        .map(([email]) => email)
        .toSorted(),
    forgetSegment: (segmentId) => {
      unknownSegments.add(segmentId);
    },
  };
}

/** Requests of all callers together that are taken in each window of `perMs`. */
export type FakeRate = { readonly max: number; readonly perMs: number };

/** States a limit in the headers of the answer that follows. @returns the refusal of what is too much */
type Meter = (response: ServerResponse) => Handler | null;

const unmetered: Meter = (response) => {
  stateLimit(response, { max: 10, remaining: 9, windowS: 1, resetS: 1 });
  return null;
};

/** Counts in windows that begin with their first request. */
function makeMeter({ max, perMs }: FakeRate): Meter {
  let windowEndMs = 0;
  let taken = 0;
  return (response) => {
    const nowMs = performance.now();
    if (nowMs >= windowEndMs) {
      windowEndMs = nowMs + perMs;
      taken = 0;
    }
    taken += 1;
    const resetS = Math.ceil((windowEndMs - nowMs) / 1_000);
    stateLimit(response, { max, remaining: Math.max(0, max - taken), windowS: perMs / 1_000, resetS });
    if (taken <= max) return null;
    return resendError(429, 'rate_limit_exceeded', 'Too many requests.', { 'retry-after': String(resetS) });
  };
}

function stateLimit(
  response: ServerResponse,
  limit: {
    readonly max: number;
    readonly remaining: number;
    readonly windowS: number;
    readonly resetS: number;
  },
): void {
  response.setHeader('ratelimit-limit', limit.max);
  response.setHeader('ratelimit-remaining', limit.remaining);
  response.setHeader('ratelimit-reset', limit.resetS);
  response.setHeader('ratelimit-policy', `${limit.max};w=${limit.windowS}`);
}

type State = {
  readonly contacts: Map<string, FakeContact>;
  readonly addContact: FakeResend['addContact'];
  readonly hasSegment: (id: string) => boolean;
};

const UNAUTHORIZED = resendError(403, 'invalid_api_key', 'API key is invalid');
const NO_CONTACT = resendError(404, 'not_found', 'Contact not found');
const NO_SEGMENT = resendError(404, 'not_found', 'Segment not found');

function isAuthorized(request: ReceivedRequest, apiKey: string): boolean {
  return request.headers.authorization === `Bearer ${apiKey}`;
}

function answerTo(request: ReceivedRequest, state: State): Handler {
  const [root, email, edge, segmentId, ...rest] =
    request.path.split('?')[0]?.slice(1).split('/').map(decodeURIComponent) ?? [];
  if (root === 'segments' && email !== undefined && edge === undefined && request.method === 'GET')
    return state.hasSegment(email) ? ok(200, { object: 'segment', id: email, name: 's' }) : NO_SEGMENT;
  if (root !== 'contacts' || rest.length > 0)
    return resendError(404, 'not_found', 'The requested endpoint does not exist');
  if (email === undefined && request.method === 'POST') return createContact(request, state);
  if (email === undefined) return resendError(405, 'method_not_allowed', 'Method not allowed');
  if (edge === undefined && request.method === 'DELETE') {
    state.contacts.delete(email.toLowerCase());
    return ok(200, { object: 'contact', contact: email, deleted: true });
  }
  if (edge === 'segments' && segmentId !== undefined)
    return changeMembership(request.method, email, segmentId, state);
  return resendError(405, 'method_not_allowed', 'Method not allowed');
}

function changeMembership(method: string, email: string, segmentId: string, state: State): Handler {
  const contact = state.contacts.get(email.toLowerCase());
  if (contact === undefined) return NO_CONTACT;
  if (!state.hasSegment(segmentId)) return NO_SEGMENT;
  const body = { object: 'contact_segment', contact_id: contact.id, segment_id: segmentId };
  if (method === 'POST') {
    contact.segments.add(segmentId);
    return ok(200, body);
  }
  if (method === 'DELETE') {
    return contact.segments.delete(segmentId) ? ok(200, { ...body, deleted: true }) : NO_SEGMENT;
  }
  return resendError(405, 'method_not_allowed', 'Method not allowed');
}

function createContact(request: ReceivedRequest, state: State): Handler {
  const body: { email?: string; unsubscribed?: boolean; segments?: { id: string }[] } = JSON.parse(
    request.text,
  );
  if (body.email === undefined) return resendError(422, 'missing_required_field', 'Missing `email` field.');
  const segments = (body.segments ?? []).map(({ id }) => id);
  if (!segments.every(state.hasSegment)) return NO_SEGMENT;
  const contact = state.addContact(body.email, { unsubscribed: body.unsubscribed ?? false, segments });
  return ok(201, { object: 'contact', id: contact.id });
}

function ok(status: number, body: object): Handler {
  return reply(status, { body });
}
