import { createHash } from 'node:crypto';
import { type Json, type JsonObject, parseNativeEvent, TIMESTAMP_MAX_MS } from '#events';
import type { TrackEvent } from '#client';
import { faultAt } from './input-error';
import type { Row } from './rows';
import { parseTime } from './times';

/** Where the parts of an event stand in a row. */
export type Mapping = {
  readonly event: { readonly name: string } | { readonly column: string };
  readonly user: string;
  readonly time: string;
  /** Property name -> column. Undefined: every column that is nothing else, by its own name. */
  readonly properties: ReadonlyMap<string, string> | undefined;
  /** Trait name -> column. */
  readonly traits: ReadonlyMap<string, string>;
  /** The cells are text: what looks like a number becomes one. */
  readonly isText: boolean;
};

/** An event of the file. */
export type ReplayEvent = {
  readonly line: number;
  /** As the file says; nothing is shifted yet. */
  readonly atMs: number;
  /** Stands for the event wherever the same one comes from; its own id is made of it. */
  readonly fingerprint: Buffer;
  /** Brought along by the row. */
  readonly messageId: string | undefined;
  readonly event: Omit<TrackEvent, 'messageId' | 'timestamp'>;
};

// No leading zeros (an id, a postcode), and no more digits than a number can hold.
const NUMBER = /^-?(0|[1-9]\d{0,14})(\.\d{1,15})?$/;

function propertyOf(value: Json, isText: boolean): Json | undefined {
  if (!isText || typeof value !== 'string') return value;
  const text = value.trim();
  if (text === '') return undefined;
  return NUMBER.test(text) ? Number(text) : value;
}

function columnOf({ values, line }: Row, column: string): Json {
  const value = Object.hasOwn(values, column) ? values[column] : undefined;
  if (value !== undefined) return value;
  throw faultAt(line, `there is no column "${column}"; there are: ${Object.keys(values).join(', ')}`);
}

function textOf(row: Row, column: string): string {
  const value = columnOf(row, column);
  const text = typeof value === 'string' || typeof value === 'number' ? String(value).trim() : '';
  if (text === '') throw faultAt(row.line, `column "${column}" is empty or is no text`);
  return text;
}

function objectOf(row: Row, columns: ReadonlyMap<string, string>, isText: boolean): JsonObject | undefined {
  const entries = [...columns].flatMap(([name, column]): [string, Json][] => {
    const value = propertyOf(columnOf(row, column), isText);
    return value === undefined ? [] : [[name, value]];
  });
  return entries.length === 0 ? undefined : Object.fromEntries(entries);
}

function instantOf(row: Row, column: string): number {
  const value = columnOf(row, column);
  const atMs = parseTime(value);
  if (atMs !== null) return atMs;
  const known = 'ISO 8601 (2026-11-01T09:30:00Z), YYYYMMDD, epoch seconds or epoch milliseconds';
  throw faultAt(row.line, `column "${column}": ${JSON.stringify(value)} is no time; known are ${known}`);
}

function fingerprintOf(parts: readonly unknown[]): Buffer {
  return createHash('sha256').update(JSON.stringify(parts)).digest().subarray(0, 16);
}

/** As it is sent: a number of January 1970 to March 1973 would be taken for seconds. */
function timeOf(atMs: number): string | number {
  return Math.abs(atMs) <= TIMESTAMP_MAX_MS ? new Date(atMs).toISOString() : atMs;
}

/** @throws InputError with the line and what the API would say */
function checked(row: Row, candidate: Record<string, unknown>): void {
  const parsed = parseNativeEvent(candidate);
  if (parsed.success) return;
  const faults = parsed.error.issues.map(({ path, message }) => `${path.join('.')} ${message}`);
  throw faultAt(row.line, faults.join('; '));
}

/** @returns a function that makes the event of a row of columns. It throws an InputError that names the line. */
export function makeMapper(mapping: Mapping): (row: Row) => ReplayEvent {
  const { user, time, traits, isText } = mapping;
  const taken = new Set([
    user,
    time,
    ...traits.values(),
    'column' in mapping.event ? mapping.event.column : '',
  ]);
  const othersOf = (row: Row): ReadonlyMap<string, string> =>
    new Map(Object.keys(row.values).flatMap((name) => (taken.has(name) ? [] : [[name, name]])));
  let shared: ReadonlyMap<string, string> | undefined;
  // The rows of a table have the same columns.
  const others = (row: Row): ReadonlyMap<string, string> =>
    isText ? (shared ??= othersOf(row)) : othersOf(row);
  return (row) => {
    const name = 'name' in mapping.event ? mapping.event.name : textOf(row, mapping.event.column);
    const userId = textOf(row, user);
    const atMs = instantOf(row, time);
    const properties = objectOf(row, mapping.properties ?? others(row), isText);
    const given = objectOf(row, traits, isText);
    const event = {
      event: name,
      userId,
      ...(properties === undefined ? {} : { properties }),
      ...(given === undefined ? {} : { traits: given }),
    };
    checked(row, { ...event, timestamp: timeOf(atMs) });
    const fingerprint = fingerprintOf([name, userId, atMs, row.content]);
    return { line: row.line, atMs, fingerprint, messageId: undefined, event };
  };
}

/**
 * The event of a row that is one already, in the shape that the API takes.
 * @throws InputError that names the line
 */
export function nativeEvent(row: Row): ReplayEvent {
  const atMs = instantOf(row, 'timestamp');
  checked(row, { ...row.values, timestamp: timeOf(atMs) });
  const { messageId, timestamp: _timestamp, ...event } = row.values;
  return {
    line: row.line,
    atMs,
    fingerprint: fingerprintOf([row.content]),
    messageId: typeof messageId === 'string' ? messageId : undefined,
    // Just checked against the schema that the type is made from.
    event: event as ReplayEvent['event'],
  };
}
