import { destinationsAnswerSchema, resumedAnswerSchema, resumeSchema } from '#api-schemas';
import { DESTINATION_KINDS, KINDS } from '#automations';
import { type GateRow, listDestinations, listGates, resumeDeliveries } from '#database';
import type { AppDeps } from '../deps';
import { Problem } from '../http/problem';
import { defineRoute, type Route } from '../http/route';
import { wakeRelay } from '../wake';

const tag = 'Deliveries';
/** Gates that are shown; more of them at a time have one cause. */
const GATES_MAX = 1_000;

const gateView = ({ failures, since, until, ...gate }: GateRow) => ({
  ...gate,
  consecutiveFailures: failures,
  since: since.toISOString(),
  until: until?.toISOString() ?? null,
});

/** Where deliveries go, and what keeps them back. */
export function destinationRoutes(deps: AppDeps): Route[] {
  const { db } = deps;
  return [
    defineRoute({
      method: 'get',
      path: '/api/growth/destinations',
      access: 'admin',
      summary: 'Which destinations are configured, and what is paused, halted or open (failing)',
      tag,
      answers: { 200: destinationsAnswerSchema },
      handle: async () => {
        const [known, gates] = [await listDestinations(db), await listGates(db, GATES_MAX)];
        const destinations = DESTINATION_KINDS.map((kind) => {
          const { needsCredentials } = KINDS[kind];
          const { isConfigured, reason } = known.find(({ destination }) => destination === kind) ?? {
            isConfigured: !needsCredentials,
            reason: needsCredentials ? 'no dispatcher has started yet' : null,
          };
          return { kind, configured: isConfigured, reason };
        });
        return { status: 200, body: { destinations, gates: gates.map(gateView) } };
      },
    }),
    defineRoute({
      method: 'post',
      path: '/api/growth/destinations/resume',
      access: 'admin',
      summary: 'Sends again what a pause, a halt or an open circuit breaker keeps back',
      tag,
      body: resumeSchema,
      answers: { 200: resumedAnswerSchema },
      refusals: [404],
      handle: async ({ body: { destination, endpoint } }) => {
        const resumed = await resumeDeliveries(db, destination, endpoint ?? null);
        if (resumed === 0) throw new Problem(404, { detail: 'Nothing is kept back there.' });
        await wakeRelay(deps, [destination]);
        return { status: 200, body: { resumed } };
      },
    }),
  ];
}
