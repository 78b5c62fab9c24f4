import { createHmac, timingSafeEqual } from 'node:crypto';
import type { Call } from './http-receiver';

const TOLERANCE_S = 300;

/**
 * What a receiver of webhooks does (Standard Webhooks): HMAC-SHA256 over `id.timestamp.body` with the secret's bytes,
 * and a timestamp that is not old.
 */
export function isSigned({ headers, body }: Call, secret: string): boolean {
  const [id, timestamp, signatures] = ['id', 'timestamp', 'signature'].map((name) =>
    String(headers[`webhook-${name}`]),
  );
  const key = Buffer.from(secret.replace('whsec_', ''), 'base64');
  const expected = createHmac('sha256', key).update(`${id}.${timestamp}.${body}`).digest();
  const isRecent = Math.abs(Date.now() / 1000 - Number(timestamp)) < TOLERANCE_S;
  const matches = (signatures ?? '').split(' ').some((signature) => {
    const given = Buffer.from(signature.replace(/^v1,/, ''), 'base64');
    return given.length === expected.length && timingSafeEqual(given, expected);
  });
  return isRecent && matches;
}
