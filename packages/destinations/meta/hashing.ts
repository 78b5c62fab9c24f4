import { createHash } from 'node:crypto';
import * as z from 'zod';
import type { Recipient } from '../destination';
import { parseJson } from './graph';

const SHA256_HEX = /^[a-f0-9]{64}$/;

/**
 * A row of a custom audience upload, in the order of `AUDIENCE_SCHEMA`; `""` is unknown.
 * Only `EXTERN_ID` is sent as it is: it is our id and no personal datum.
 */
export type AudienceRow = readonly [externId: string, emailHash: string, phoneHash: string];

export const AUDIENCE_SCHEMA = ['EXTERN_ID', 'EMAIL', 'PHONE'] as const;

const storedRow = z.tuple([z.string(), z.string(), z.string()]).readonly();

/** The row of a person; null without an e-mail address and phone, for by `EXTERN_ID` alone Meta finds nobody. */
export function audienceRow(person: Recipient): AudienceRow | null {
  const email = hashEmail(person.email ?? '');
  const phone = hashPhone(person.phone ?? '');
  return email === '' && phone === '' ? null : [externIdOf(person), email, phone];
}

/** A row as text, to be kept until it is removed. */
export function rowToText(row: AudienceRow): string {
  return JSON.stringify(row);
}

/** The rows that were kept; what is none of ours is left out. */
export function rowsFromText(texts: readonly string[]): AudienceRow[] {
  return texts.flatMap((text) => {
    const { data } = storedRow.safeParse(parseJson(text));
    return data === undefined ? [] : [data];
  });
}

/** What `old` names and `current` does not, as a row; null when that is nothing. */
export function rowWithout(old: AudienceRow, current: AudienceRow): AudienceRow | null {
  const [externId, email, phone] = old;
  const rest: AudienceRow = [
    externId === current[0] ? '' : externId,
    email === current[1] ? '' : email,
    phone === current[2] ? '' : phone,
  ];
  return rest.every((value) => value === '') ? null : rest;
}

/** A row's values by their columns, apart: two rows that name one of them may mean the same person. */
export const rowParts = {
  of: (identifier: string): string[] =>
    rowsFromText([identifier]).flatMap((row) =>
      AUDIENCE_SCHEMA.flatMap((column, index) => (row[index] === '' ? [] : [`${column} ${row[index]}`])),
    ),
  without: (identifier: string, parts: ReadonlySet<string>): string | null => {
    const [row] = rowsFromText([identifier]);
    if (row === undefined) return null;
    const kept = (index: 0 | 1 | 2): string =>
      parts.has(`${AUDIENCE_SCHEMA[index]} ${row[index]}`) ? '' : row[index];
    const rest: AudienceRow = [kept(0), kept(1), kept(2)];
    return rest.every((value) => value === '') ? null : rowToText(rest);
  },
};

/** The user id unless it is an e-mail address or a phone itself: it is sent as it is. */
function externIdOf({ id, userId, phone }: Recipient): string {
  if (userId === null) return id;
  const digits = digitsOf(userId);
  const isPhone = /^\s*\+/.test(userId) || (digits !== '' && digits === digitsOf(phone ?? ''));
  return isPhone || userId.includes('@') ? id : userId;
}

/** SHA-256 (hex) of the trimmed, lower-cased address; dots and +tags stay. `""` for none; a hash passes through. */
export function hashEmail(email: string): string {
  return hashed(email.trim().toLowerCase());
}

/** SHA-256 (hex) of the digits without leading zeros, country code included. `""` for none; a hash passes through. */
export function hashPhone(phone: string): string {
  const text = phone.trim().toLowerCase();
  return hashed(SHA256_HEX.test(text) ? text : digitsOf(text));
}

function digitsOf(phone: string): string {
  return phone.replace(/\D/g, '').replace(/^0+/, '');
}

function hashed(normalised: string): string {
  if (normalised === '' || SHA256_HEX.test(normalised)) return normalised;
  return createHash('sha256').update(normalised, 'utf8').digest('hex');
}
