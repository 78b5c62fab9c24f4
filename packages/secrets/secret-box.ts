import { createCipheriv, createDecipheriv, createHmac, randomBytes } from 'node:crypto';
import { isSealed, SEALED_PREFIX } from '#automations';

const CIPHER = 'aes-256-gcm';
const KEY_BYTES = 32;
// 96 random bits: GCM's own size; safe for 2^32 values under one key.
const NONCE_BYTES = 12;
const TAG_BYTES = 16;

/** Where a value belongs: sealed for one automation and use, it opens nowhere else. */
export type SecretPlace = { readonly automationId: string; readonly use: string };

/** Seals what must not lie in the database in clear: `sealed:v1:<key id>:<base64url of nonce, text and tag>`. */
export type SecretBox = {
  /**
   * Seals under the first key what is in clear, or sealed under an older key. What is so already, or can't be opened,
   * stays as it is, and without any key everything does.
   */
  readonly seal: (text: string, place: SecretPlace) => string;
  /** The value; null when no key fits, or the text was altered or moved here from elsewhere. */
  readonly open: (text: string, place: SecretPlace) => string | null;
};

/**
 * @param keys 32 bytes each; the first seals, all open, so that a key can be changed while its values are still there
 * @throws TypeError when a key is of another length
 */
export function makeSecretBox(keys: readonly Buffer[]): SecretBox {
  if (keys.some((key) => key.length !== KEY_BYTES)) throw new TypeError(`a key has ${KEY_BYTES} bytes`);
  const byId = new Map(keys.map((key) => [idOf(key), key]));
  const [first] = keys;
  const open: SecretBox['open'] = (text, place) => {
    if (!isSealed(text)) return text;
    const [keyId = '', payload = ''] = text.slice(SEALED_PREFIX.length).split(':');
    const key = byId.get(keyId);
    return key === undefined ? null : opened(Buffer.from(payload, 'base64url'), keyId, key, place);
  };
  return {
    open,
    seal: (text, place) => {
      if (first === undefined || text.startsWith(`${SEALED_PREFIX}${idOf(first)}:`)) return text;
      const value = open(text, place);
      return value === null ? text : sealed(value, first, place);
    },
  };
}

/** Tells keys apart and says nothing of them. */
function idOf(key: Buffer): string {
  return createHmac('sha256', key).update('segment-engine key id').digest('hex').slice(0, 8);
}

/** What is authenticated with the text; as JSON, so that no two places give the same bytes. */
function bindingOf(keyId: string, { automationId, use }: SecretPlace): Buffer {
  return Buffer.from(JSON.stringify([SEALED_PREFIX, keyId, automationId, use]));
}

function sealed(value: string, key: Buffer, place: SecretPlace): string {
  const keyId = idOf(key);
  const nonce = randomBytes(NONCE_BYTES);
  const cipher = createCipheriv(CIPHER, key, nonce).setAAD(bindingOf(keyId, place));
  const text = Buffer.concat([nonce, cipher.update(value, 'utf8'), cipher.final(), cipher.getAuthTag()]);
  return `${SEALED_PREFIX}${keyId}:${text.toString('base64url')}`;
}

function opened(bytes: Buffer, keyId: string, key: Buffer, place: SecretPlace): string | null {
  if (bytes.length < NONCE_BYTES + TAG_BYTES) return null;
  const nonce = bytes.subarray(0, NONCE_BYTES);
  const decipher = createDecipheriv(CIPHER, key, nonce, { authTagLength: TAG_BYTES })
    .setAAD(bindingOf(keyId, place))
    .setAuthTag(bytes.subarray(-TAG_BYTES));
  try {
    return Buffer.concat([
      decipher.update(bytes.subarray(NONCE_BYTES, -TAG_BYTES)),
      decipher.final(),
    ]).toString('utf8');
  } catch {
    return null;
  }
}
