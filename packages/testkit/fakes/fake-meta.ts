import { type Disturbances, makeDisturbances } from './disturbances';
import {
  type FakeReceiver,
  type Handler,
  type ReceivedRequest,
  reply,
  startFakeReceiver,
} from './fake-receiver';

/** A row as uploaded, by schema column. */
export type FakeMetaRow = Readonly<Record<string, string>>;

export type FakeMeta = FakeReceiver &
  Disturbances & {
    /** The rows of an audience, in the order of their adding. */
    rowsOf(audienceId: string): readonly FakeMetaRow[];
    /** Who is in an audience, by `EXTERN_ID`, sorted. */
    membersOf(audienceId: string): string[];
    /** Adds a row as a user of Meta would have, by another tool. */
    addRow(audienceId: string, row: FakeMetaRow): void;
    /** Conversion events by pixel, repeats (same name and id) dropped. */
    eventsOf(pixelId: string): readonly FakeMetaEvent[];
    /** Makes an audience one that Meta does not show; every other id exists. */
    forgetAudience(audienceId: string): void;
    /** Counts such rows as invalid, and keeps them out. */
    refuseRows(isInvalid: (row: FakeMetaRow) => boolean): void;
  };

export type FakeMetaEvent = {
  readonly event_name: string;
  readonly event_id: string;
  readonly event_time: number;
  readonly user_data: Readonly<Record<string, unknown>>;
};

/** An error as the Graph API puts it on the wire; its status is 400 for nearly everything. */
export function graphError(
  code: number,
  options: {
    readonly subcode?: number;
    readonly message?: string;
    readonly isTransient?: boolean;
    readonly status?: number;
    readonly headers?: Readonly<Record<string, string>>;
  } = {},
): Handler {
  const { subcode, message = `Error ${code}`, isTransient = false, status = 400, headers = {} } = options;
  return reply(status, {
    headers,
    body: {
      error: {
        message,
        type: 'OAuthException',
        code,
        ...(subcode === undefined ? {} : { error_subcode: subcode }),
        is_transient: isTransient,
        fbtrace_id: 'AbCdEfGhIjK',
      },
    },
  });
}

/**
 * A local Graph API with its custom audiences, which are sets of rows: adding a known row changes nothing, and removing
 * takes every row that shares an identifier.
 */
export async function startFakeMeta(options: { readonly accessToken?: string } = {}): Promise<FakeMeta> {
  const accessToken = options.accessToken ?? 'meta_test';
  const { disturbances, answer } = makeDisturbances();
  const state: State = {
    audiences: new Map(),
    events: new Map(),
    missing: new Set(),
    isInvalid: () => false,
  };
  const receiver = await startFakeReceiver({
    handler: (request, response) => {
      const isKnown = request.headers.authorization === `Bearer ${accessToken}`;
      return answer(request, () => (isKnown ? answerTo(request, state) : BAD_TOKEN))(request, response);
    },
  });
  const rowsOf = (audienceId: string) => state.audiences.get(audienceId) ?? [];
  return {
    ...receiver,
    ...disturbances,
    rowsOf,
    addRow: (audienceId, row) => {
      state.audiences.set(audienceId, addRows(rowsOf(audienceId), [row]));
    },
    membersOf: (audienceId) =>
      rowsOf(audienceId)
        .map((row) => row['EXTERN_ID'] ?? '')
        .toSorted(),
    eventsOf: (pixelId) => state.events.get(pixelId) ?? [],
    forgetAudience: (audienceId) => {
      state.missing.add(audienceId);
    },
    refuseRows: (isInvalid) => {
      state.isInvalid = isInvalid;
    },
  };
}

type State = {
  readonly audiences: Map<string, FakeMetaRow[]>;
  readonly events: Map<string, FakeMetaEvent[]>;
  readonly missing: Set<string>;
  isInvalid: (row: FakeMetaRow) => boolean;
};

const ROWS_MAX = 10_000;
const BAD_TOKEN = graphError(190, { status: 401, message: 'Invalid OAuth access token.' });
const UNKNOWN_PATH = graphError(100, { subcode: 33, message: 'Unsupported request.' });

function answerTo(request: ReceivedRequest, state: State): Handler {
  const [, version, node, edge] = request.path.split('/');
  if (version === undefined || !/^v\d+\.\d+$/.test(version) || node === undefined) return UNKNOWN_PATH;
  if (edge === undefined && request.method === 'GET') {
    const id = node.split('?')[0] ?? '';
    return state.missing.has(id) ? UNKNOWN_PATH : reply(200, { body: { id } });
  }
  if (edge === 'users' && (request.method === 'POST' || request.method === 'DELETE')) {
    return changeAudience(request, node, state);
  }
  if (edge === 'events' && request.method === 'POST') return receiveEvents(request, node, state);
  return UNKNOWN_PATH;
}

function changeAudience(request: ReceivedRequest, audienceId: string, state: State): Handler {
  const { payload }: { payload: { schema: string[]; data: string[][] } } = JSON.parse(request.text);
  if (payload.data.length > ROWS_MAX) return graphError(100, { message: 'Too many rows.' });
  const rows = payload.data.map((row): FakeMetaRow =>
    Object.fromEntries(payload.schema.map((column, index) => [column, row[index] ?? ''])),
  );
  const valid = rows.filter((row) => !state.isInvalid(row));
  const named = new Set(valid.flatMap(identifiersOf));
  const known = state.audiences.get(audienceId) ?? [];
  const untouched = known.filter((row) => !identifiersOf(row).some((identifier) => named.has(identifier)));
  state.audiences.set(audienceId, request.method === 'POST' ? addRows(known, valid) : untouched);
  const invalid = rows.length - valid.length;
  return reply(200, {
    body: {
      audience_id: audienceId,
      session_id: '9778993',
      num_received: rows.length,
      num_invalid_entries: invalid,
      invalid_entry_samples: invalid === 0 ? {} : { 0: JSON.stringify(rows.find(state.isInvalid)) },
    },
  });
}

function addRows(known: readonly FakeMetaRow[], rows: readonly FakeMetaRow[]): FakeMetaRow[] {
  const textOf = (row: FakeMetaRow): string => identifiersOf(row).toSorted().join(' ');
  return [...new Map([...known, ...rows].map((row) => [textOf(row), row])).values()];
}

function receiveEvents(request: ReceivedRequest, pixelId: string, { events }: State): Handler {
  const { data }: { data: FakeMetaEvent[] } = JSON.parse(request.text);
  const known = events.get(pixelId) ?? [];
  const isNew = (event: FakeMetaEvent) =>
    !known.some((other) => other.event_id === event.event_id && other.event_name === event.event_name);
  events.set(pixelId, [...known, ...data.filter(isNew)]);
  return reply(200, { body: { events_received: data.length, messages: [], fbtrace_id: 'AbCdEfGhIjK' } });
}

function identifiersOf(row: FakeMetaRow): string[] {
  return Object.entries(row).flatMap(([column, value]) => (value === '' ? [] : [`${column}=${value}`]));
}
