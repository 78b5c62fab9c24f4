import { setTimeout as pause } from 'node:timers/promises';
import {
  disturbAtRandom,
  errorPage,
  graphError,
  resendError,
  startFakeMeta,
  startFakeResend,
} from '../testkit/fakes';
import { deliverOne } from './deliver-one';
import type { DeliveryRequest, Destination, Recipient } from './destination';
import { makeMetaDestination } from './meta/meta';
import { makeResendDestination } from './resend/resend';
import { audienceRequest, metaAutomation, resendAutomation } from './test/request';

const PEOPLE = 12;
const SHARE = 0.3;
const TIMEOUT_MS = 100;
/** Calls that hang are applied after their attempt has given up, and before this is over. */
const LATE_MS = 120;
const UNKNOWN_MS = 300;

jest.setTimeout(60_000);

/** mulberry32: a run can be repeated. */
function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

type Step = { readonly action: 'add' | 'remove'; readonly person: Recipient };

/** Delivers a person's steps as the dispatcher does: noted before, one at a time, none while an outcome is unknown. */
async function live(
  destination: Destination,
  steps: readonly Step[],
  requestOf: (step: Step, identifiers: readonly string[]) => DeliveryRequest,
): Promise<void> {
  let kept: readonly string[] = [];
  for (const step of steps) {
    const identifier = destination.identifierOf?.(step.person) ?? null;
    if (step.action === 'add' && identifier !== null) kept = [...new Set([...kept, identifier])];
    for (let isDone = false; !isDone;) {
      const { outcome } = await deliverOne(destination, requestOf(step, kept));
      if (outcome.kind === 'retry' && outcome.outcomeUnknown === true) await pause(UNKNOWN_MS);
      isDone = outcome.kind === 'delivered';
      if (!isDone && outcome.kind !== 'retry') throw new Error(JSON.stringify(outcome));
    }
    kept = step.action === 'add' && identifier !== null ? [identifier] : [];
  }
}

/** People who come, change their address, leave and come back. */
function lives(random: () => number): Step[][] {
  return Array.from({ length: PEOPLE }, (_, index) =>
    Array.from({ length: 4 }, (): Step => {
      const address = random() < 0.5 ? 'old' : 'new';
      const person = { id: `p${index}`, userId: null, email: `${address}.${index}@x.io`, phone: null };
      return { action: random() < 0.6 ? 'add' : 'remove', person };
    }),
  );
}

/** What the destination calls those whose last step is an add, sorted. */
const wanted = (destination: Destination, all: readonly Step[][]): string[] =>
  all
    .flatMap((steps) => steps.slice(-1))
    .filter(({ action }) => action === 'add')
    .map(({ person }) => destination.identifierOf?.(person) ?? '')
    .toSorted((a, b) => a.localeCompare(b));

let close: () => Promise<void>;
afterEach(() => close());

test.each([1])('Meta, after a storm (seed %d): the audience is what was wanted', async (seed) => {
  const random = seeded(seed);
  const meta = await startFakeMeta();
  close = () => meta.close();
  const throttled = (retryAfter: string) => errorPage(429, { 'retry-after': retryAfter });
  const answers = [
    graphError(1, { subcode: 99 }),
    graphError(2_650, { subcode: 1_870_145 }),
    graphError(80_003),
  ];
  meta.disturb(disturbAtRandom({ share: SHARE, random, throttled, answers, lateMs: LATE_MS }));
  const settings = { accessToken: 'meta_test', baseUrl: meta.origin, apiVersion: 'v26.0' };
  const destination = makeMetaDestination({ settings, now: Date.now, timeoutMs: TIMEOUT_MS });
  const all = lives(random);
  const requestOf = ({ action, person }: Step, identifiers: readonly string[]) =>
    audienceRequest(metaAutomation(), action, { person, identifiers });
  await Promise.all(all.map((steps) => live(destination, steps, requestOf)));
  const rows = meta
    .rowsOf('2385')
    .map(({ EXTERN_ID, EMAIL, PHONE }) => JSON.stringify([EXTERN_ID, EMAIL, PHONE]));
  expect(rows.toSorted((a, b) => a.localeCompare(b))).toEqual(wanted(destination, all));
});

test.each([3])('Resend, after a storm (seed %d): the audience is what was wanted', async (seed) => {
  const random = seeded(seed);
  const resend = await startFakeResend();
  close = () => resend.close();
  const throttled = (retryAfter: string) =>
    resendError(429, 'rate_limit_exceeded', 'Slow down', { 'retry-after': retryAfter });
  const answers = [
    resendError(500, 'internal_server_error', 'Oops'),
    resendError(409, 'concurrent_idempotent_requests', 'Busy'),
  ];
  resend.disturb(disturbAtRandom({ share: SHARE, random, throttled, answers, lateMs: LATE_MS }));
  const settings = { apiKey: 're_test', baseUrl: resend.origin };
  const destination = makeResendDestination({ settings, now: Date.now, timeoutMs: TIMEOUT_MS });
  const all = lives(random);
  const requestOf = ({ action, person }: Step, identifiers: readonly string[]) =>
    audienceRequest(resendAutomation('aud_1'), action, { person, identifiers });
  await Promise.all(all.map((steps) => live(destination, steps, requestOf)));
  expect(resend.membersOf('aud_1')).toEqual(wanted(destination, all));
});
