import type { SampleEvent, TransitionEvent } from '../destination';

/** The type of what a test sends: no receiver takes it for somebody's transition. */
const TEST_TYPE = 'segment.test';
const NOBODY = '00000000-0000-0000-0000-000000000000';

/** The body that tells of a transition. */
export function renderWebhookBody(event: TransitionEvent): string {
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

/** The body to try a webhook out with: the shape of an entry, marked as a test, about nobody. */
export function renderWebhookSample({ id, segment, nowMs }: SampleEvent): string {
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
