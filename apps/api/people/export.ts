import { noQuerySchema } from '#api-schemas';
import {
  type Database,
  listDeadEventsOf,
  listExportedDeliveries,
  listNamedEvents,
  listStays,
  listTraits,
  loadPerson,
  nextEventName,
  type PersonProfile,
} from '#database';
import type { AppDeps } from '../deps';
import { defineDownload } from '../http/download';
import { makeDownloadLimit } from '../http/download-limit';
import { personIdOf } from '../http/path-ids';
import { notFound } from '../http/problem';
import type { Route } from '../http/route';

/** Rows of a page, and so all that an export holds at a time: an event may be 64 KiB, a delivery a body and eight answers. */
const ROWS = { small: 500, events: 100, deliveries: 50 } as const;

const EXPORTS_MAX = 10;

type Place = { readonly after: string | null; readonly limit: number };

/** All rows of a list that is read in pages, one after the other. */
async function* pages<Row>(
  limit: number,
  read: (place: Place) => Promise<Row[]>,
  placeOf: (row: Row) => string,
): AsyncGenerator<Row> {
  let after: string | null = null;
  for (;;) {
    const rows: Row[] = await read({ after, limit });
    yield* rows;
    const last = rows.at(-1);
    if (last === undefined || rows.length < limit) return;
    after = placeOf(last);
  }
}

async function* eventsOf(db: Database, personId: string): AsyncGenerator<unknown> {
  let name = await nextEventName(db, personId, null);
  while (name !== null) {
    const of = { personId, name };
    let after: { readonly id: string; readonly at: number } | null = null;
    for (;;) {
      const events: Awaited<ReturnType<typeof listNamedEvents>> = await listNamedEvents(db, of, {
        after,
        limit: ROWS.events,
      });
      for (const { id: _id, at: _at, ...event } of events) yield event;
      const last = events.at(-1);
      if (last === undefined || events.length < ROWS.events) break;
      after = last;
    }
    name = await nextEventName(db, personId, name);
  }
}

async function* deadEventsOf(db: Database, personId: string): AsyncGenerator<unknown> {
  const found = pages(
    ROWS.deliveries,
    (place) => listDeadEventsOf(db, personId, place),
    ({ id }) => id,
  );
  for await (const { id, stage, error, createdAt, payload } of found)
    yield { id, stage, error, createdAt: createdAt.toISOString(), event: JSON.parse(payload) as unknown };
}

async function* staysOf(db: Database, personId: string): AsyncGenerator<unknown> {
  const found = pages(
    ROWS.small,
    (place) => listStays(db, personId, place),
    ({ id }) => id,
  );
  for await (const { id: _id, ...stay } of found) yield stay;
}

/** A member of the file's object that is a list, a text an element. */
async function* listOf(name: string, elements: AsyncIterable<unknown>): AsyncGenerator<string> {
  let before = `,"${name}":[`;
  for await (const element of elements) {
    yield `${before}${JSON.stringify(element)}`;
    before = ',';
  }
  yield before === ',' ? ']' : `${before}]`;
}

/** The file: one JSON object, written as it is read. */
async function* fileOf(db: Database, person: PersonProfile): AsyncGenerator<string> {
  const { id } = person;
  const { traits: _traits, memberships: _open, omitted: _others, ...profile } = person;
  yield `{"person":${JSON.stringify(profile)}`;
  yield* listOf(
    'traits',
    pages(
      ROWS.small,
      (place) => listTraits(db, id, place),
      ({ name }) => name,
    ),
  );
  yield* listOf('memberships', staysOf(db, id));
  yield* listOf('events', eventsOf(db, id));
  yield* listOf(
    'deliveries',
    pages(
      ROWS.deliveries,
      (place) => listExportedDeliveries(db, id, place),
      (delivery) => delivery.id,
    ),
  );
  yield* listOf('deadEvents', deadEventsOf(db, id));
  yield '}\n';
}

/** A file of everything that is known about a person. */
export function personExportRoutes({ db }: AppDeps): Route[] {
  const limited = makeDownloadLimit(EXPORTS_MAX);
  return [
    defineDownload({
      path: '/api/growth/people/:person/export',
      query: noQuerySchema,
      description: {
        summary: 'Streams everything that is known about a person as JSON, by id or userId',
        notes:
          'One object: `person` (identities, e-mail, phone, features, subscriptions), `traits` with the times that they have ' +
          'their values of (null: removed then), `memberships` (ended ones too), `events` (by their names, newest first), ' +
          '`deliveries` with their attempts, `deadEvents`. A file that could not be completed ends with a broken connection.',
        tag: 'People',
        refusals: [404, 503],
        produces: ['application/json'],
      },
      handle: async ({ params }) => {
        const person = await loadPerson(db, await personIdOf(db, params.person));
        if (person === null) throw notFound('person');
        const type = 'application/json; charset=utf-8';
        return { type, fileName: `person-${person.id}.json`, chunks: limited(fileOf(db, person)) };
      },
    }),
  ];
}
