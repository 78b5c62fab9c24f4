/** A local part, a domain: as long as any mail server takes them. */
const EMAIL = /[^\s"'<>(),;:]{1,320}(@|%40)[^\s"'<>(),;:]{1,255}/gi;
const EMAIL_CHARS_MAX = 320 + 3 + 255;
const SHA256 = /\b[a-f0-9]{64}\b/gi;

/**
 * A receiver's words without e-mail addresses, hashes of identifiers, and `secrets`: they end in logs and answers. No
 * more than `charsMax` of them is given, and little more is looked at: an answer may be of any length.
 */
export function redact(text: string, secrets: readonly string[], charsMax: number): string {
  const open = secrets.filter((secret) => secret !== '');
  // What begins before the cut is seen to its end; what may have lost its end is dropped.
  const margin = Math.max(EMAIL_CHARS_MAX, ...open.map(({ length }) => length));
  const start = text.slice(0, charsMax + margin);
  const withoutSecrets = open.reduce((rest, secret) => rest.replaceAll(secret, '[secret]'), start);
  const shown = withoutSecrets.replaceAll(EMAIL, '[e-mail]').replaceAll(SHA256, '[hash]');
  return shown
    .slice(0, start.length < text.length ? Math.max(0, shown.length - margin) : undefined)
    .slice(0, charsMax);
}
