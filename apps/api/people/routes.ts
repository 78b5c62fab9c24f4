import { pageQuerySchema, personAnswerSchema, personEventsAnswerSchema } from '#api-schemas';
import { listPersonEvents, loadPerson, pageOf } from '#database';
import type { JsonObject } from '#events';
import type { AppDeps } from '../deps';
import { cursorKeys, personIdOf } from '../http/path-ids';
import { notFound } from '../http/problem';
import { defineRoute, type Route } from '../http/route';

/** People: what is known of one, and what they did. */
export function peopleRoutes({ db }: AppDeps): Route[] {
  return [
    defineRoute({
      method: 'get',
      path: '/api/growth/people/:person',
      access: 'admin',
      summary: 'Gives all that is known about a person, by id or userId',
      tag: 'People',
      answers: { 200: personAnswerSchema },
      refusals: [404],
      handle: async ({ params }) => {
        const person = await loadPerson(db, await personIdOf(db, params.person));
        if (person === null) throw notFound('person');
        return { status: 200, body: { person } };
      },
    }),
    defineRoute({
      method: 'get',
      path: '/api/growth/people/:person/events',
      access: 'admin',
      summary: "Lists a person's events, newest first",
      tag: 'People',
      query: pageQuerySchema,
      answers: { 200: personEventsAnswerSchema },
      refusals: [404],
      handle: async ({ params, query: { limit, cursor } }) => {
        const personId = await personIdOf(db, params.person);
        const list = `events:${personId}`;
        const [atMs, id] = cursorKeys(list, cursor, ['ms', 'uuid']) ?? [];
        const before = atMs === undefined || id === undefined ? null : { atMs: Number(atMs), id };
        const found = await listPersonEvents(db, personId, { before, limit });
        const page = pageOf(
          list,
          found,
          limit,
          (row) => [String(row.timestamp.getTime()), row.id],
          ({ bytes }) => bytes,
        );
        const events = page.rows.map(({ messageId, event, timestamp, receivedAt, properties }) => ({
          messageId,
          event,
          timestamp: timestamp.toISOString(),
          receivedAt: receivedAt.toISOString(),
          // An object, or nothing, when it was taken.
          properties: properties as JsonObject,
        }));
        return { status: 200, body: { events, nextCursor: page.nextCursor } };
      },
    }),
  ];
}
