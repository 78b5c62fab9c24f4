import { randomInt } from 'node:crypto';
import * as z from 'zod';
import type { Attempted } from '../attempt';
import { againLater, holdsUp, sendInParts } from '../in-parts';
import { metaOutcome } from './errors';
import { answerOf, callGraph, type GraphCall, readGraph, statusOf } from './graph';
import { AUDIENCE_SCHEMA, type AudienceRow } from './hashing';
import { ROWS_MAX } from './limits';
import { type Throttle, usagePause } from './usage';

const SESSION_ID_END = 2 ** 47;

export type MetaCall = GraphCall & { readonly throttle: Throttle };

/** Adds rows to an audience (`POST`) or takes them out (`DELETE`). */
export type AudienceChange = {
  readonly method: 'POST' | 'DELETE';
  readonly audienceId: string;
  readonly rows: readonly AudienceRow[];
};

type Session = {
  readonly session_id: number;
  readonly batch_seq: number;
  readonly last_batch_flag: boolean;
  readonly estimated_num_total: number;
};

const usersAnswer = z.object({
  error: z.never().optional(),
  num_received: z.number().optional(),
  num_invalid_entries: z.number().optional(),
});

/** Changes an audience by any number of rows. @returns what came of each row, in their order */
export function changeAudience(call: MetaCall, change: AudienceChange): Promise<Attempted[]> {
  return change.rows.length > ROWS_MAX
    ? sendSession(call, change)
    : sendInParts(change.rows, (rows) => sendRows(call, { ...change, rows }));
}

const audienceAnswer = z.object({ error: z.never().optional(), id: z.string() });

/** Reads an audience's id, which takes the right to it. */
export async function readAudience(call: MetaCall, audienceId: string): Promise<Attempted> {
  const result = await readGraph(call, { node: audienceId, fields: 'id' });
  const httpStatus = statusOf(result);
  if (answerOf(result, audienceAnswer) !== null) return { httpStatus, outcome: { kind: 'delivered' } };
  const { throttle, settings } = call;
  return { httpStatus, outcome: metaOutcome(result, { throttle, accessToken: settings.accessToken }) };
}

/** Several requests that Meta counts as one upload. One that fails ends the session, and its rest is tried again. */
async function sendSession(call: MetaCall, change: AudienceChange): Promise<Attempted[]> {
  const { rows } = change;
  const results: Attempted[] = [];
  // Ours to choose, unique in an ad account, and within what JSON numbers keep exactly.
  const sessionId = randomInt(1, SESSION_ID_END);
  for (let start = 0; start < rows.length; start += ROWS_MAX) {
    const part = rows.slice(start, start + ROWS_MAX);
    const attempted = await sendRows(
      call,
      { ...change, rows: part },
      {
        session_id: sessionId,
        batch_seq: start / ROWS_MAX + 1,
        last_batch_flag: start + ROWS_MAX >= rows.length,
        estimated_num_total: rows.length,
      },
    );
    if (attempted.outcome.kind !== 'delivered') {
      const rest = holdsUp(attempted.outcome) ? attempted : againLater(attempted);
      return [...results, ...rows.slice(start).map(() => rest)];
    }
    results.push(...part.map(() => attempted));
  }
  return results;
}

/** One request. DELETE carries its rows as a body, for a URL has no room for them and is logged by others. */
async function sendRows(call: MetaCall, change: AudienceChange, session?: Session): Promise<Attempted> {
  const { method, audienceId, rows } = change;
  const payload = { schema: AUDIENCE_SCHEMA, data: rows };
  const body = session === undefined ? { payload } : { session, payload };
  const result = await callGraph(call, { method, node: audienceId, edge: 'users', body });
  const pause = usagePause(result);
  const answered = { httpStatus: statusOf(result), ...(pause === undefined ? {} : { pause }) };
  const answer = answerOf(result, usersAnswer);
  if (answer === null) {
    const { throttle, settings } = call;
    return { ...answered, outcome: metaOutcome(result, { throttle, accessToken: settings.accessToken }) };
  }
  call.throttle.worked();
  return { ...answered, ...countInvalid(answer.num_invalid_entries ?? 0, rows.length) };
}

/**
 * All rows refused is final. Some refused is delivered with a note: Meta does not say which, its count is
 * approximate, and its samples are nobody's to keep.
 */
function countInvalid(invalid: number, sent: number): Pick<Attempted, 'outcome' | 'note'> {
  if (invalid <= 0) return { outcome: { kind: 'delivered' } };
  const note = `Meta refused ${invalid} of ${sent} rows`;
  return invalid < sent
    ? { outcome: { kind: 'delivered' }, note }
    : { outcome: { kind: 'final', error: note } };
}
