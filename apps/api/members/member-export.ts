import { type ExportFormat, exportQuerySchema } from '#api-schemas';
import { listMembers, type Member } from '#database';
import type { AppDeps } from '../deps';
import { defineDownload } from '../http/download';
import { makeDownloadLimit } from '../http/download-limit';
import { requireSegment } from '../http/path-ids';
import type { Route } from '../http/route';

/** What makes a spreadsheet take a cell for a formula (OWASP, CSV injection). */
const FORMULA = /^[=+\-@\t\r\n]/;
const NEEDS_QUOTES = /[",\r\n]/;

function cellOf(value: string | null): string {
  if (value === null) return '';
  const harmless = FORMULA.test(value) ? `'${value}` : value;
  return NEEDS_QUOTES.test(harmless) ? `"${harmless.replaceAll('"', '""')}"` : harmless;
}

/** A record of a CSV file (RFC 4180), with its line end. A cell that would be taken for a formula gets an apostrophe. */
export function csvRecord(cells: readonly (string | null)[]): string {
  return `${cells.map(cellOf).join(',')}\r\n`;
}

type Format = { readonly type: string; readonly head: string; readonly lineOf: (member: Member) => string };

const COLUMNS = ['personId', 'userId', 'email', 'enteredAt'];
const FORMATS: Readonly<Record<ExportFormat, Format>> = {
  csv: {
    type: 'text/csv; charset=utf-8; header=present',
    head: csvRecord(COLUMNS),
    lineOf: ({ personId, userId, email, enteredAt }) =>
      csvRecord([personId, userId, email, enteredAt.toISOString()]),
  },
  ndjson: {
    type: 'application/x-ndjson; charset=utf-8',
    head: '',
    lineOf: ({ personId, userId, email, enteredAt }) =>
      `${JSON.stringify({ personId, userId, email, enteredAt })}\n`,
  },
};

/** Members that are read at once: all that an export holds. */
const CHUNK_ROWS = 1_000;
const EXPORTS_MAX = 10;

/** The members' lines, a chunk in a short statement each: a long transaction would keep the queue's tables from being vacuumed. */
async function* linesOf({ reads }: AppDeps, segmentId: string, { head, lineOf }: Format) {
  let after: string | null = null;
  let text = head;
  for (;;) {
    const members: Member[] = await listMembers(reads, segmentId, { after, limit: CHUNK_ROWS });
    yield text + members.slice(0, CHUNK_ROWS).map(lineOf).join('');
    after = members[CHUNK_ROWS - 1]?.personId ?? null;
    text = '';
    if (members.length <= CHUNK_ROWS) return;
  }
}

/** Files of who is in a segment. */
export function memberExportRoutes(deps: AppDeps): Route[] {
  const counted = makeDownloadLimit(EXPORTS_MAX);
  return [
    defineDownload({
      path: '/api/growth/segments/:id/members/export',
      query: exportQuerySchema,
      stallMs: deps.downloadStallMs,
      description: {
        summary: 'Streams who is in a segment as CSV or NDJSON',
        notes:
          'One line a member, in the order of the ids; whoever stays a member meanwhile appears exactly once. CSV follows ' +
          'RFC 4180, with a header; a cell that a spreadsheet would take for a formula (it begins with `=`, `+`, `-`, `@` ' +
          'or a control character) gets a leading apostrophe. A file that could not be completed ends with a broken ' +
          'connection.',
        tag: 'Segments',
        refusals: [404, 503],
        produces: ['text/csv', 'application/x-ndjson'],
      },
      handle: async ({ params, query: { format } }) => {
        const { id } = await requireSegment(deps.db, params.id);
        const { type } = FORMATS[format];
        const chunks = counted(linesOf(deps, id, FORMATS[format]));
        return { type, fileName: `segment-${id}.${format}`, chunks };
      },
    }),
  ];
}
