import { createHmac, randomBytes } from 'node:crypto';
import { SIGNING_SECRET_PREFIX, signingKeyOf } from '#automations';

const SECRET_BYTES = 32;

/** A new signing secret: `whsec_` and the base64 of 32 random bytes. */
export function generateSigningSecret(): string {
  return SIGNING_SECRET_PREFIX + randomBytes(SECRET_BYTES).toString('base64');
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
      const key = signingKeyOf(secret);
      if (key === null) throw new TypeError('malformed signing secret');
      return `v1,${createHmac('sha256', key).update(`${id}.${timestampS}.${body}`).digest('base64')}`;
    })
    .join(' ');
}
