const SECRET_BYTES_MIN = 24;
const SECRET_BYTES_MAX = 64;

/** How a Standard Webhooks secret begins. */
export const SIGNING_SECRET_PREFIX = 'whsec_';

/** Whether this is a Standard Webhooks secret: `whsec_` and the (padded) base64 of 24 to 64 bytes. */
export function isSigningSecret(value: string): boolean {
  return signingKeyOf(value) !== null;
}

/** The key that a Standard Webhooks secret holds; null when it is none. */
export function signingKeyOf(secret: string): Uint8Array | null {
  if (!secret.startsWith(SIGNING_SECRET_PREFIX)) return null;
  const text = secret.slice(SIGNING_SECRET_PREFIX.length);
  const binary = decoded(text);
  // The decoder forgives blanks and missing padding: only what encodes back to itself was base64.
  if (binary === null || btoa(binary) !== text) return null;
  if (binary.length < SECRET_BYTES_MIN || binary.length > SECRET_BYTES_MAX) return null;
  return Uint8Array.from(binary, (character) => character.charCodeAt(0));
}

function decoded(base64: string): string | null {
  try {
    return atob(base64);
  } catch {
    return null;
  }
}
