import type { MetaAutomation } from '#automations';
import { ATTEMPT_TIMEOUT_MS, type Attempted, timedAttempt, timedAttempts } from '../attempt';
import type { DeliveryRequest, Destination, Outcome } from '../destination';
import { makeSendHttp } from '../http';
import { holdsUp } from '../in-parts';
import { changeAudience, type MetaCall, readAudience } from './audience';
import { sendConversions } from './events';
import type { MetaSettings } from './graph';
import { type AudienceRow, audienceRow, rowParts, rowsFromText, rowToText, rowWithout } from './hashing';
import { META_RETRY_DELAYS_MS, ROWS_MAX } from './limits';
import { makeThrottle } from './usage';

/** Each call resets the learning of the ad sets that use the audience: what comes within a second goes together. */
const GATHER_MS = 1_000;

const NO_IDENTIFIER: Attempted = { outcome: { kind: 'skipped', reason: 'no e-mail address or phone' } };
const DELIVERED: Attempted = { outcome: { kind: 'delivered' } };

/** The Meta destination: custom audiences by hashed identifiers, and the optional conversion event. */
export function makeMetaDestination(options: {
  readonly settings: MetaSettings | undefined;
  readonly now: () => number;
  readonly timeoutMs?: number | undefined;
}): Destination {
  const { settings, now, timeoutMs = ATTEMPT_TIMEOUT_MS } = options;
  const send = makeSendHttp();
  const throttle = makeThrottle(now);
  const reason = 'destination not configured: META_ACCESS_TOKEN is not set';
  return {
    kind: 'meta',
    retryDelaysMs: META_RETRY_DELAYS_MS,
    group: { max: ROWS_MAX, windowMs: GATHER_MS },
    isConfigured: () => (settings === undefined ? { ok: false, reason } : { ok: true }),
    identifierOf: (person) => {
      const row = audienceRow(person);
      return row === null ? null : rowToText(row);
    },
    parts: rowParts,
    check: (automation, signal) => {
      if (automation.kind !== 'meta') throw new TypeError(`a ${automation.kind} automation is not for Meta`);
      return timedAttempt({ signal, timeoutMs }, async (bounded) => {
        if (settings === undefined) return { outcome: { kind: 'skipped', reason } };
        return readAudience({ settings, send, throttle, signal: bounded }, automation.customAudienceId);
      });
    },
    deliver: async (requests, signal) => {
      const group = groupOf(requests);
      if (group === null) return [];
      return timedAttempts({ signal, timeoutMs }, async (bounded) => {
        if (settings === undefined) return requests.map(() => ({ outcome: { kind: 'skipped', reason } }));
        const call = { settings, send, throttle, signal: bounded };
        if (group.action === 'send') return tellOnly(call, group, now());
        return group.action === 'remove' ? removePeople(call, group) : addPeople(call, group, now());
      });
    },
  };
}

type Member = { readonly request: DeliveryRequest; readonly automation: MetaAutomation };
type Group = {
  readonly action: DeliveryRequest['action'];
  readonly audienceId: string;
  readonly members: readonly Member[];
};

function groupOf(requests: readonly DeliveryRequest[]): Group | null {
  const members = requests.map((request): Member => {
    const { automation } = request;
    if (automation.kind !== 'meta') throw new TypeError(`a ${automation.kind} automation is not for Meta`);
    return { request, automation };
  });
  const [first] = members;
  if (first === undefined) return null;
  const { action } = first.request;
  const audienceId = first.automation.customAudienceId;
  if (members.some((one) => one.request.action !== action || one.automation.customAudienceId !== audienceId))
    throw new TypeError('a group has one audience and one action');
  return { action, audienceId, members };
}

/** Tells of people who entered, and leaves the audience to its reconciler. */
async function tellOnly(call: MetaCall, { members }: Group, nowMs: number): Promise<Attempted[]> {
  const rows = members.map(({ request }) => audienceRow(request.person));
  const results = rows.map((row) => (row === null ? NO_IDENTIFIER : DELIVERED));
  return tellConversions(call, { members, rows, results, nowMs });
}

/** The row that a request puts in. */
function rowOf({ entry, person }: DeliveryRequest): AudienceRow | null {
  return entry === undefined ? audienceRow(person) : (rowsFromText([entry])[0] ?? null);
}

/** Takes people out by what they were added with; who was never added by us, by what is known of them now. */
async function removePeople(call: MetaCall, { audienceId, members }: Group): Promise<Attempted[]> {
  const rows = members.map(({ request }) => {
    if (request.entry !== undefined) return rowsFromText([request.entry]);
    const kept = rowsFromText(request.identifiers);
    return kept.length > 0 ? kept : withoutNull([audienceRow(request.person)]);
  });
  const results = await changePeople(call, { method: 'DELETE', audienceId }, rows);
  return results.map((result) => result ?? NO_IDENTIFIER);
}

/**
 * Adds people, having taken out what earlier adds left under other identifiers; then tells of those who entered. A
 * removal that fails keeps its person from being added: the old identifier would be forgotten.
 */
async function addPeople(call: MetaCall, group: Group, nowMs: number): Promise<Attempted[]> {
  const { audienceId, members } = group;
  const rows = members.map(({ request }) => rowOf(request));
  const outdated = members.map(({ request }, index) => outdatedRows(request, rows[index] ?? null));
  const removed = await changePeople(call, { method: 'DELETE', audienceId }, outdated);
  const heldUp = removed.find((result) => result !== null && holdsUp(result.outcome)) ?? null;
  const failures = removed.map((result) => heldUp ?? (isDelivered(result) ? null : result));

  const toAdd = rows.map((row, index) => (row === null || failures[index] ? [] : [row]));
  const added = await changePeople(call, { method: 'POST', audienceId }, toAdd);
  const results = members.map((_, index) => added[index] ?? failures[index] ?? NO_IDENTIFIER);
  return tellConversions(call, { members, rows, results, nowMs });
}

function outdatedRows({ identifiers }: DeliveryRequest, current: AudienceRow | null): AudienceRow[] {
  if (current === null) return [];
  return withoutNull(rowsFromText(identifiers).map((old) => rowWithout(old, current)));
}

/** Changes an audience by the rows of each person. @returns what came of each; null where there was no row */
async function changePeople(
  call: MetaCall,
  target: { readonly method: 'POST' | 'DELETE'; readonly audienceId: string },
  rowsOfEach: readonly (readonly AudienceRow[])[],
): Promise<(Attempted | null)[]> {
  const rows = rowsOfEach.flat();
  const results = (rows.length === 0 ? [] : await changeAudience(call, { ...target, rows })).values();
  return rowsOfEach.map((own) => {
    const ownResults = withoutNull(own.map(() => results.next().value ?? null));
    return ownResults.find((result) => !isDelivered(result)) ?? ownResults[0] ?? null;
  });
}

async function tellConversions(
  call: MetaCall,
  added: {
    readonly members: readonly Member[];
    readonly rows: readonly (AudienceRow | null)[];
    readonly results: readonly Attempted[];
    readonly nowMs: number;
  },
): Promise<Attempted[]> {
  const conversions = added.members.map(({ request, automation }, index) => {
    const row = added.rows[index] ?? null;
    const name = automation.conversionEvent;
    const isAdded = isDelivered(added.results[index] ?? null);
    if (row === null || name === null || !isAdded || request.type !== 'segment.entered') return null;
    return { request, row, name };
  });
  const told = (await sendConversions(call, withoutNull(conversions), added.nowMs)).values();
  return added.results.map((result, index) =>
    conversions[index] ? joined(result, told.next().value ?? DELIVERED) : result,
  );
}

/** An add with its conversion event: the event's failure counts, and the notes of both. */
function joined(synced: Attempted, told: Attempted): Attempted {
  const notes = withoutNull([synced.note ?? null, told.note ?? null]).join('; ');
  return {
    ...synced,
    ...(isDelivered(told) ? {} : told),
    ...(notes === '' ? {} : { note: notes }),
  };
}

function isDelivered(attempted: { readonly outcome: Outcome } | null): boolean {
  return attempted?.outcome.kind === 'delivered';
}

function withoutNull<T>(values: readonly (T | null)[]): T[] {
  return values.filter((value) => value !== null);
}
