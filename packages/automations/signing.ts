import { createHmac, randomBytes } from 'node:crypto';

const PREFIX = 'whsec_';
const SECRET_BYTES = 32;
const SECRET_BYTES_MIN = 24;
const SECRET_BYTES_MAX = 64;

/** A new signing secret: `whsec_` and the base64 of 32 random bytes. */
export function generateSigningSecret(): string {
  return PREFIX + randomBytes(SECRET_BYTES).toString('base64');
}

/** Whether this is a Standard Webhooks secret: `whsec_` and the (padded) base64 of 24 to 64 bytes. */
export function isSigningSecret(value: string): boolean {
  return keyOf(value) !== null;
}

/**
 * The value of `webhook-signature` (Standard Webhooks 1.0.0, symmetric): `v1,` and the base64 of
 * HMAC-SHA256 over `{id}.{timestamp}.{body}`, one per secret, separated by spaces.
 * @param secrets the newest first; several while a secret is being rotated.
 * @throws TypeError for an id with a dot (it would make the signed text ambiguous), for no or a malformed secret.
 */
export function signatureHeader(message: {
  readonly id: string;
  readonly timestampS: number;
  readonly body: string;
  readonly secrets: readonly string[];
}): string {
  const { id, timestampS, body, secrets } = message;
  if (id.includes('.')) throw new TypeError('a signed message id must not contain a dot');
  if (secrets.length === 0) throw new TypeError('a message cannot be signed without a secret');
  return secrets
    .map((secret) => {
      const key = keyOf(secret);
      if (key === null) throw new TypeError('malformed signing secret');
      return `v1,${createHmac('sha256', key).update(`${id}.${timestampS}.${body}`).digest('base64')}`;
    })
    .join(' ');
}

function keyOf(secret: string): Buffer | null {
  if (!secret.startsWith(PREFIX)) return null;
  const text = secret.slice(PREFIX.length);
  const key = Buffer.from(text, 'base64');
  // Node decodes whatever it can of any text: only what encodes back to itself was base64.
  if (key.toString('base64') !== text) return null;
  return key.length >= SECRET_BYTES_MIN && key.length <= SECRET_BYTES_MAX ? key : null;
}
