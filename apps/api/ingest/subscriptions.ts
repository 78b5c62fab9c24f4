import { v7 as uuidv7 } from 'uuid';
import { acceptedAnswerSchema, subscriptionSchema } from '#api-schemas';
import { faultsOf } from '#criteria';
import { findPeople, isUuid } from '#database';
import { fromNative, nameSchema, SUBSCRIPTION_EVENT } from '#events';
import type { AppDeps } from '../deps';
import type { Metrics } from '../operations/metrics';
import { invalid } from '../http/problem';
import { defineRoute, type Route } from '../http/route';
import type { Ingest } from './store-event';

function requireNames(params: Readonly<Record<'person' | 'subscriptionId', string>>): void {
  const faults = (['person', 'subscriptionId'] as const).flatMap((name) => {
    const { error } = nameSchema.safeParse(params[name]);
    return error ? faultsOf(error, name) : [];
  });
  if (faults.length > 0) throw invalid(faults);
}

/** A subscription's state becomes a `subscription_updated` event, and takes the way of all events. */
export function subscriptionRoutes(
  deps: AppDeps,
  metrics: Metrics,
  { storeEvent, receive }: Ingest,
): Route[] {
  const whoIs = async (person: string): Promise<{ personId: string } | { userId: string }> => {
    const personId = person.toLowerCase();
    const isPerson = isUuid(person) && (await findPeople(deps.db, [personId])).size > 0;
    return isPerson ? { personId } : { userId: person };
  };

  return [
    defineRoute({
      method: 'put',
      path: '/api/growth/people/:person/subscriptions/:subscriptionId',
      access: 'write-or-admin',
      summary: "Takes the state of a person's subscription; the newest by occurredAt is kept",
      tag: 'Ingest',
      body: subscriptionSchema,
      answers: { 202: acceptedAnswerSchema },
      refusals: [413, 415, 503],
      handle: async ({ params, body }) => {
        requireNames(params);
        const { occurredAt, ...state } = body;
        const properties = {
          ...Object.fromEntries(Object.entries(state).filter(([, value]) => value !== undefined)),
          ...(occurredAt ? { occurredAt: new Date(occurredAt).toISOString() } : {}),
          subscriptionId: params.subscriptionId,
        };
        const native = { event: SUBSCRIPTION_EVENT, ...(await whoIs(params.person)), properties };
        const events = fromNative([native], receive(1), uuidv7);
        for (const event of events) await storeEvent(event);
        metrics.countEvents('accepted', 1);
        return { status: 202, body: { accepted: 1, messageIds: events.map(({ messageId }) => messageId) } };
      },
    }),
  ];
}
