import type { DeliveryType } from '../destination';

/** The type of what a test sends: no receiver takes it for somebody's transition. */
const TEST_TYPE = 'segment.test';
const NOBODY = '00000000-0000-0000-0000-000000000000';

/** What a webhook tells; instants in epoch ms. */
export type WebhookEvent = {
  readonly deliveryId: string;
  readonly type: DeliveryType;
  readonly timestampMs: number;
  readonly segment: { readonly id: string; readonly name: string };
  readonly person: {
    readonly id: string;
    readonly userId: string | null;
    readonly email: string | null;
    readonly phone: string | null;
    readonly traits: Readonly<Record<string, unknown>>;
    readonly features: Readonly<Record<string, number>>;
  };
  readonly membership: { readonly enteredAtMs: number; readonly exitedAtMs: number | null };
};

/** The body of a webhook (CONTRACT 4), rendered once and then sent as the same bytes on every attempt. */
export function renderWebhookBody(event: WebhookEvent): string {
  const { segment, person, membership } = event;
  return JSON.stringify({
    id: event.deliveryId,
    type: event.type,
    timestamp: isoTime(event.timestampMs),
    data: {
      segment: { id: segment.id, name: segment.name },
      person: {
        id: person.id,
        userId: person.userId,
        email: person.email,
        phone: person.phone,
        traits: person.traits,
        features: person.features,
      },
      membership: {
        enteredAt: isoTime(membership.enteredAtMs),
        exitedAt: membership.exitedAtMs === null ? null : isoTime(membership.exitedAtMs),
      },
    },
  });
}

/** A webhook's body to try it out with: the shape of an entry, marked as a test, about nobody. `nowMs` in epoch ms. */
export function renderTestBody(test: {
  readonly id: string;
  readonly segment: { readonly id: string; readonly name: string };
  readonly nowMs: number;
}): string {
  const { id, segment, nowMs } = test;
  return JSON.stringify({
    id,
    type: TEST_TYPE,
    timestamp: isoTime(nowMs),
    data: {
      test: true,
      segment: { id: segment.id, name: segment.name },
      person: {
        id: NOBODY,
        userId: 'test-user',
        email: 'test@example.com',
        phone: null,
        traits: {},
        features: { activeDays: 0, coreActions: 0, pricingViews: 0, emailOpens: 0, emailClicks: 0 },
      },
      membership: { enteredAt: isoTime(nowMs), exitedAt: null },
    },
  });
}

function isoTime(instantMs: number): string {
  return new Date(instantMs).toISOString();
}
