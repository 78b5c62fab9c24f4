import type { FakeReceiver, Handler, ReceivedRequest } from './fake-receiver';
import { reply, startFakeReceiver } from './fake-receiver';

/** A row as uploaded, by schema column. */
export type FakeMetaRow = Readonly<Record<string, string>>;

export type FakeMeta = FakeReceiver & {
  /** The rows of an audience, in the order of their adding. */
  rowsOf(audienceId: string): readonly FakeMetaRow[];
  /** Conversion events by pixel, repeats (same name and id) dropped. */
  eventsOf(pixelId: string): readonly FakeMetaEvent[];
  /** Answers the next requests with these, in order, before it goes back to its normal behaviour. */
  interject(...handlers: Handler[]): void;
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
 * A local Graph API with its custom audiences, which are sets: adding a known row changes nothing, and removing
 * takes every row that shares an identifier.
 */
export async function startFakeMeta(options: { readonly accessToken?: string } = {}): Promise<FakeMeta> {
  const accessToken = options.accessToken ?? 'meta_test';
  const audiences = new Map<string, FakeMetaRow[]>();
  const events = new Map<string, FakeMetaEvent[]>();
  const interjections: Handler[] = [];
  const receiver = await startFakeReceiver({
    handler: (request, response) => {
      const isKnown = request.headers.authorization === `Bearer ${accessToken}`;
      const next = interjections.shift() ?? (isKnown ? answerTo(request, audiences, events) : BAD_TOKEN);
      return next(request, response);
    },
  });
  return {
    ...receiver,
    rowsOf: (audienceId) => audiences.get(audienceId) ?? [],
    eventsOf: (pixelId) => events.get(pixelId) ?? [],
    interject: (...handlers) => {
      interjections.push(...handlers);
    },
  };
}

const BAD_TOKEN = graphError(190, { status: 401, message: 'Invalid OAuth access token.' });
const UNKNOWN_PATH = graphError(100, { subcode: 33, message: 'Unsupported request.' });

function answerTo(
  request: ReceivedRequest,
  audiences: Map<string, FakeMetaRow[]>,
  events: Map<string, FakeMetaEvent[]>,
): Handler {
  const [, version, node, edge] = request.path.split('/');
  if (version === undefined || !/^v\d+\.\d+$/.test(version) || node === undefined) return UNKNOWN_PATH;
  if (edge === 'users' && (request.method === 'POST' || request.method === 'DELETE')) {
    return changeAudience(request, node, audiences);
  }
  if (edge === 'events' && request.method === 'POST') return receiveEvents(request, node, events);
  return UNKNOWN_PATH;
}

function changeAudience(
  request: ReceivedRequest,
  audienceId: string,
  audiences: Map<string, FakeMetaRow[]>,
): Handler {
  const { payload }: { payload: { schema: string[]; data: string[][] } } = JSON.parse(request.text);
  const rows = payload.data.map((row): FakeMetaRow =>
    Object.fromEntries(payload.schema.map((column, index) => [column, row[index] ?? ''])),
  );
  const known = audiences.get(audienceId) ?? [];
  const untouched = known.filter((row) => !rows.some((other) => sharesIdentifier(row, other)));
  audiences.set(audienceId, request.method === 'POST' ? [...untouched, ...rows] : untouched);
  return reply(200, {
    body: {
      audience_id: audienceId,
      session_id: '9778993',
      num_received: rows.length,
      num_invalid_entries: 0,
      invalid_entry_samples: {},
    },
  });
}

function receiveEvents(
  request: ReceivedRequest,
  pixelId: string,
  events: Map<string, FakeMetaEvent[]>,
): Handler {
  const { data }: { data: FakeMetaEvent[] } = JSON.parse(request.text);
  const known = events.get(pixelId) ?? [];
  const isNew = (event: FakeMetaEvent) =>
    !known.some((other) => other.event_id === event.event_id && other.event_name === event.event_name);
  events.set(pixelId, [...known, ...data.filter(isNew)]);
  return reply(200, { body: { events_received: data.length, messages: [], fbtrace_id: 'AbCdEfGhIjK' } });
}

function sharesIdentifier(row: FakeMetaRow, other: FakeMetaRow): boolean {
  return Object.entries(row).some(([column, value]) => value !== '' && other[column] === value);
}
