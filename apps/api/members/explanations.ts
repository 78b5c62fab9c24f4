import type { z } from 'zod';
import { explanationAnswerSchema } from '#api-schemas';
import { criteriaSchema } from '#criteria';
import { inSnapshot, type NamedEvent, type TransitionCause } from '#database';
import { type ExplainedSegment, explainMembership, type Explanation } from '#decisions';
import type { AppDeps } from '../deps';
import { personIdOf, requireSegment } from '../http/path-ids';
import { notFound } from '../http/problem';
import { EXPLAINED_CHARS_MAX } from '../http/limits';
import { defineRoute, type Route } from '../http/route';

type Answer = z.input<typeof explanationAnswerSchema>;

const iso = (ms: number): string => new Date(ms).toISOString();
const eventView = ({ messageId, name, at }: NamedEvent) => ({ messageId, event: name, timestamp: iso(at) });

function causeView(kind: TransitionCause, event: NamedEvent | null) {
  return kind === 'event' ? { kind, event: event && eventView(event) } : { kind };
}

function membershipView(membership: Explanation['membership']): Answer['membership'] {
  if (membership === null) return null;
  return {
    enteredAt: iso(membership.enteredAt),
    enteredBy: causeView(membership.enteredBy, membership.enteredWith),
    exitedAt: membership.exitedAt === null ? null : iso(membership.exitedAt),
    exitedBy: membership.exitedBy === null ? null : causeView(membership.exitedBy, membership.exitedWith),
  };
}

/** Conditions may repeat one large trait many times: past a bound the answer leaves out what they were held against. */
function conditionViews(conditions: Explanation['conditions']): Answer['conditions'] {
  let chars = 0;
  return conditions.map(({ events, ...condition }) => {
    const view = events === undefined ? condition : { ...condition, events: events.map(eventView) };
    chars += JSON.stringify(condition.actual).length;
    return chars <= EXPLAINED_CHARS_MAX ? view : { ...view, actual: null, omitted: true };
  });
}

function explanationView({
  isMember,
  wouldBeMember,
  conditions,
  nextChangeAt,
  membership,
}: Explanation): Answer {
  return {
    isMember,
    wouldBeMember,
    conditions: conditionViews(conditions),
    nextChangeAt: nextChangeAt === null ? null : iso(nextChangeAt),
    membership: membershipView(membership),
  };
}

/** Why somebody is in a segment, or is not. */
export function explanationRoutes({ db, clock }: AppDeps): Route[] {
  return [
    defineRoute({
      method: 'get',
      path: '/api/growth/people/:person/segments/:id/explain',
      access: 'admin',
      summary:
        'Explains why a person is in a segment or is not: each condition, and when the answer changes by itself',
      tag: 'People',
      answers: { 200: explanationAnswerSchema },
      refusals: [404],
      handle: async ({ params }) => {
        const personId = await personIdOf(db, params.person);
        const explanation = await inSnapshot(db, async (tx) => {
          const { id, name, criteria, status, updatedAt } = await requireSegment(tx, params.id);
          const segment: ExplainedSegment = {
            id,
            name,
            criteria: criteriaSchema.parse(criteria),
            isActive: status === 'active',
            updatedAt: updatedAt.getTime(),
          };
          return explainMembership(tx, personId, segment, clock);
        });
        if (explanation === null) throw notFound('person');
        return { status: 200, body: explanationView(explanation) };
      },
    }),
  ];
}
