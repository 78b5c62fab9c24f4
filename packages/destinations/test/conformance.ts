import { randomUUID } from 'node:crypto';
import {
  type Automation,
  type AutomationConfig,
  automationConfigSchema,
  automationsOf,
  endpointOf,
  KINDS,
  stateKeyOf,
} from '#automations';
import { assignIds, makeSecretBox, maskConfig, mergeMasked } from '#secrets';
import {
  breakOff,
  dribble,
  errorPage,
  type FakeReceiver,
  type Handler,
  hang,
  reset,
  retryAfterForms,
  selfSignedCertificate,
  startFakeReceiver,
} from '../../testkit/fakes';
import { deliverOne } from '../deliver-one';
import type { AttemptResult, DeliveryRequest, Destination, Recipient } from '../destination';
import { describeCheck } from './check-conformance';
import { describeEntries } from './entry-conformance';
import type { Conforming } from './conforming';
import { automationOf, configAt, NOW_MS } from './request';

const ADA: Recipient = {
  id: '019ab7c4-0000-7000-8000-00000000000a',
  userId: 'u_1',
  email: 'ada.lovelace@example.com',
  phone: '+44 20 7946 0958',
};
const FIRST = {
  deliveryId: '019ab7c4-0000-7000-8000-000000000001',
  type: 'segment.entered',
  occurredAtMs: NOW_MS - 1_000,
  person: ADA,
  identifiers: [],
  attempt: 1,
} as const;
const PERSONAL = /ada\.lovelace|example\.com|7946|0958/i;

/** What every destination does alike. A new one is to be in the table of `conformance.test.ts`. */
export function describeDestination(subject: Conforming): void {
  describe(`${subject.kind} conforms`, () => {
    let receiver: FakeReceiver;
    beforeEach(async () => {
      receiver = await startFakeReceiver({ handler: subject.success });
    });
    afterEach(() => receiver.close());

    const make = (timeoutMs = 5_000): Destination =>
      subject.make({ origin: receiver.origin, timeoutMs, now: () => NOW_MS });
    const configHere = (): AutomationConfig => configAt(subject.config, receiver.origin);
    const automation = (): Automation => automationOf(configHere());
    const request = (rest: Partial<DeliveryRequest> = {}): DeliveryRequest => {
      const one = automation();
      const { body } = subject;
      return { ...FIRST, action: one.actions.entered ?? 'send', automation: one, body, ...rest };
    };
    const attempt = (handler: Handler, timeoutMs?: number): Promise<AttemptResult> => {
      receiver.respondWith(handler);
      return deliverOne(make(timeoutMs), request());
    };

    describe('its config', () => {
      test('is parsed, keeps its id and its content over edits, and becomes an automation of its kind', () => {
        const parsed = automationConfigSchema.parse(configHere());
        const stored = assignIds(parsed, randomUUID).config;
        const [before] = automationsOf(stored);
        expect(before?.kind).toBe(subject.kind);
        const merged = mergeMasked(parsed, stored, makeSecretBox([]));
        expect(merged).toEqual({ ok: true, config: stored });
        expect(mergeMasked(maskConfig(stored), stored, makeSecretBox([]))).toEqual({
          ok: true,
          config: stored,
        });
      });

      test('an id that stands twice is refused', () => {
        const stored = assignIds(configHere(), randomUUID).config;
        const twice = Object.fromEntries(Object.entries(stored).map(([kind, one]) => [kind, [one, one]]));
        expect(automationConfigSchema.safeParse(twice).success).toBe(false);
      });

      test('its keys are its own', () => {
        expect(endpointOf(automation())).not.toBe('');
        const key = stateKeyOf(automation(), ADA.id);
        if (key !== null) expect(key).toMatch(new RegExp(`^${subject.kind}:.+:${ADA.id}$`));
        expect(make().identifierOf === undefined).toBe(key === null);
      });
    });

    test('says how often it is tried, how many go together, and that it is ready', () => {
      const { kind, retryDelaysMs, group, rate, ...rest } = make();
      expect(kind).toBe(subject.kind);
      expect(rest.body !== undefined).toBe(KINDS[kind].rendersBody);
      expect(retryDelaysMs[0]).toBe(0);
      expect(retryDelaysMs).toEqual(retryDelaysMs.toSorted((a, b) => a - b));
      expect(group.max).toBeGreaterThanOrEqual(1);
      expect(group.windowMs > 0).toBe(group.max > 1);
      if (rate !== undefined) expect(Math.min(rate.max, rate.perMs)).toBeGreaterThan(0);
      expect(rest.isConfigured()).toEqual({ ok: true });
    });

    test('without credentials it says which, and sends nothing', async () => {
      if (subject.makeUnconfigured === null) return expect(make().isConfigured().ok).toBe(true);
      const unset = subject.makeUnconfigured();
      const reason: unknown = expect.stringMatching(/^destination not configured: [A-Z_]+ is not set$/);
      expect(unset.isConfigured()).toEqual({ ok: false, reason });
      const { outcome, httpStatus } = await deliverOne(unset, request());
      expect({ outcome, httpStatus }).toEqual({ outcome: { kind: 'skipped', reason }, httpStatus: null });
    });

    describe('its requests', () => {
      test('are the same on every attempt, hold the secret where it belongs alone, and no more of a person than allowed', async () => {
        const destination = make();
        const first = await deliverOne(destination, request());
        expect(first).toMatchObject({ outcome: { kind: 'delivered' }, httpStatus: 200, error: null });
        await deliverOne(destination, request({ attempt: 2 }));
        const sent = receiver.requests.map(({ method, path, text }) => ({ method, path, text }));
        expect(sent.slice(sent.length / 2)).toEqual(sent.slice(0, sent.length / 2));
        for (const { path, text, headers } of receiver.requests) {
          expect(subject.secretIn === 'url' ? text : path + text).not.toContain(subject.secret);
          if (text !== '') expect(() => JSON.parse(text)).not.toThrow();
          if (text !== '') expect(headers['content-type']).toBe('application/json');
          if (subject.tells === 'hashes') expect(path + text).not.toMatch(PERSONAL);
          if (subject.tells !== 'everything') expect(text).not.toMatch(/7946|0958/);
        }
      });

      test('another kind’s automation is a programming error', async () => {
        const kind = subject.kind === 'webhook' ? 'resend' : 'webhook';
        const wrong: Automation = { ...automation(), kind } as Automation;
        await expect(deliverOne(make(), request({ automation: wrong }))).rejects.toThrow(TypeError);
        expect(receiver.requests).toEqual([]);
      });
    });

    describeEntries(ADA, { make, request, receiver: () => receiver });

    describe('a group', () => {
      test('has a result for each, in order; who can’t be named is skipped', async () => {
        const destination = make();
        const nobody = { ...ADA, email: null, phone: null };
        const results = await destination.deliver(
          [
            request({ deliveryId: 'd1' }),
            request({ deliveryId: 'd2', person: nobody }),
            request({ deliveryId: 'd3' }),
          ],
          new AbortController().signal,
        );
        const middle = destination.identifierOf === undefined ? 'delivered' : 'skipped';
        expect(results.map(({ outcome }) => outcome.kind)).toEqual(['delivered', middle, 'delivered']);
        expect(await destination.deliver([], new AbortController().signal)).toEqual([]);
      });
    });

    describeCheck(subject, { make, automation, receiver: () => receiver });

    describe('what goes wrong', () => {
      test.each<[string, Handler, string | null]>([
        ['a connection that breaks', reset, null],
        ['an answer that never comes', hang, 'TIMEOUT'],
        ['a page of a proxy', errorPage(502), null],
        ['an outage', errorPage(503), null],
        ['a fault', errorPage(500), null],
        ['a request that took too long there', errorPage(408), null],
      ])('%s is tried again', async (_name, handler, error) => {
        const result = await attempt(handler, error === 'TIMEOUT' ? 150 : 5_000);
        expect(result.outcome.kind).toBe('retry');
        expect(result.responseBody === null || subject.kind === 'webhook').toBe(true);
        if (error !== null) expect(result).toMatchObject({ error, httpStatus: null });
      });

      test.each<[string, Handler]>([
        ['dribbles', dribble],
        ['breaks off', breakOff],
      ])('an answer that %s ends in time, and is believed as far as it counts', async (_name, handler) => {
        const { outcome } = await attempt(handler, 300);
        expect(outcome.kind).toBe(subject.believes === 'headers' ? 'delivered' : 'retry');
      });

      test('a receiver that is gone is tried again', async () => {
        const destination = make();
        const gone = request();
        await receiver.close();
        expect((await deliverOne(destination, gone)).outcome.kind).toBe('retry');
      });

      test('a server whose certificate nobody vouches for is sent nothing, and tried again', async () => {
        await receiver.close();
        receiver = await startFakeReceiver({ certificate: selfSignedCertificate() });
        expect((await deliverOne(make(), request())).outcome.kind).toBe('retry');
        expect(receiver.requests).toEqual([]);
      });

      test('a stop cuts what runs, and what was not begun', async () => {
        receiver.respondWith(hang);
        const stop = new AbortController();
        const running = deliverOne(make(), request(), stop.signal);
        await receiver.waitFor(1);
        stop.abort();
        const aborted = { outcome: { kind: 'retry', error: 'ABORTED' }, error: 'ABORTED' };
        expect(await running).toMatchObject(aborted);
        expect(await deliverOne(make(), request(), stop.signal)).toMatchObject(aborted);
      });

      test.each(retryAfterForms(2_000))('too many requests with Retry-After "%s"', async (form) => {
        const { outcome } = await attempt(errorPage(429, { 'retry-after': form }));
        if (outcome.kind !== 'retry') throw new Error(JSON.stringify(outcome));
        const { afterMs = 0 } = outcome;
        expect(afterMs).toBeGreaterThanOrEqual(/^ *2/.test(form) ? 2_000 : 0);
        expect(Number.isFinite(afterMs)).toBe(true);
      });
    });

    test.each([400, 401, 403, 404, 409, 410, 422, 429, 500])(
      'its words about a %d hold nothing personal and no secret',
      async (status) => {
        const message = `${ADA.email} (${subject.secret}) is odd: ${'ab'.repeat(32)}`;
        const { outcome, error } = await attempt(subject.refusal(status, message));
        expect(outcome.kind).not.toBe('delivered');
        expect(error).not.toMatch(PERSONAL);
        expect(error).not.toContain(subject.secret);
        expect(error).not.toMatch(/abab/);
      },
    );
  });
}
