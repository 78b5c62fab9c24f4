import type { IncomingHttpHeaders } from 'node:http';
import { Webhook } from 'standardwebhooks';
import type { WebhookAutomation } from '#automations';
import { makeSecretBox } from '#secrets';
import { type FakeReceiver, startFakeReceiver } from '../../../testkit/fakes';
import { deliverOne } from '../../deliver-one';
import type { AttemptResult, DeliveryRequest } from '../../destination';
import { renderWebhookBody } from '../body';
import { makeWebhookDestination, type WebhookSettings } from '../webhook';

export const SECRET = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';
export const DELIVERY_ID = '019ab7c4-0000-7000-8000-000000000001';
const ENTERED_AT_MS = Date.UTC(2026, 10, 22, 9, 30);
export const BODY = renderWebhookBody({
  deliveryId: DELIVERY_ID,
  type: 'segment.entered',
  timestampMs: ENTERED_AT_MS,
  segment: { id: 's1', name: 'Sörious \u2028 buyers ✓' },
  person: {
    id: 'p1',
    userId: 'u_1',
    email: 'a@x.io',
    phone: null,
    traits: { plan: 'pro' },
    features: { activeDays: 3 },
  },
  membership: { enteredAtMs: ENTERED_AT_MS, exitedAtMs: null },
});

/** An attempt at a receiver. */
export function requestTo(
  { origin }: Pick<FakeReceiver, 'origin'>,
  automation: Partial<WebhookAutomation> = {},
  attempt = 1,
): DeliveryRequest {
  return {
    deliveryId: DELIVERY_ID,
    type: 'segment.entered',
    action: 'send',
    occurredAtMs: ENTERED_AT_MS,
    automation: {
      kind: 'webhook',
      id: 'w1',
      url: `${origin}/hook?tenant=7`,
      method: 'POST',
      headers: {},
      secret: SECRET,
      actions: { entered: 'send', exited: 'send' },
      ...automation,
    },
    body: BODY,
    person: { id: 'p1', userId: 'u_1', email: 'a@x.io', phone: null },
    identifiers: [],
    attempt,
  };
}

/** Delivers with a new destination, on this machine unless told otherwise. */
export function deliver(
  request: DeliveryRequest,
  { signal, ...settings }: Partial<WebhookSettings> & { readonly signal?: AbortSignal } = {},
): Promise<AttemptResult> {
  const destination = makeWebhookDestination({
    allowCidrs: ['127.0.0.0/8'],
    now: Date.now,
    timeoutMs: 5_000,
    secretBox: makeSecretBox([]),
    ...settings,
  });
  return deliverOne(destination, request, signal);
}

/** A receiver for each test of a file. */
export function useReceiver(): () => FakeReceiver {
  let receiver: FakeReceiver;
  beforeEach(async () => {
    receiver = await startFakeReceiver();
  });
  afterEach(() => receiver.close());
  return () => receiver;
}

/** Whether the reference implementation signs what was received, the raw bytes, so at the time that it states. */
export function isSignedWith(
  secret: string,
  received: { readonly body?: Buffer; readonly headers: IncomingHttpHeaders } | undefined,
): boolean {
  const header = (name: string): string => String(received?.headers[name]);
  const at = new Date(Number(header('webhook-timestamp')) * 1_000);
  const expected = new Webhook(secret).sign(header('webhook-id'), at, received?.body ?? '');
  return header('webhook-signature').split(' ').includes(expected);
}
