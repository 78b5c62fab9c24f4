import { createHash } from 'node:crypto';

const SHA256_HEX = /^[a-f0-9]{64}$/;

/**
 * A row of a custom audience upload, in the order of `AUDIENCE_SCHEMA`; `""` is unknown.
 * Only `EXTERN_ID` is sent as it is: it is our id and no personal datum.
 */
export type AudienceRow = readonly [externId: string, emailHash: string, phoneHash: string];

export const AUDIENCE_SCHEMA = ['EXTERN_ID', 'EMAIL', 'PHONE'] as const;

export type Identity = {
  readonly id: string;
  readonly userId: string | null;
  readonly email: string | null;
  readonly phone: string | null;
};

/** The row of a person; null without an e-mail address and phone, for by `EXTERN_ID` alone Meta finds nobody. */
export function audienceRow(person: Identity): AudienceRow | null {
  const email = hashEmail(person.email ?? '');
  const phone = hashPhone(person.phone ?? '');
  return email === '' && phone === '' ? null : [person.userId ?? person.id, email, phone];
}

/** SHA-256 (hex) of the trimmed, lower-cased address; dots and +tags stay. `""` for none; a hash passes through. */
export function hashEmail(email: string): string {
  return hashed(email.trim().toLowerCase());
}

/** SHA-256 (hex) of the digits without leading zeros, country code included. `""` for none; a hash passes through. */
export function hashPhone(phone: string): string {
  const text = phone.trim();
  return hashed(SHA256_HEX.test(text) ? text : text.replace(/\D/g, '').replace(/^0+/, ''));
}

function hashed(normalised: string): string {
  if (normalised === '' || SHA256_HEX.test(normalised)) return normalised;
  return createHash('sha256').update(normalised, 'utf8').digest('hex');
}
