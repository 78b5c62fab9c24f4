const EMAIL = /[^\s"'<>(),;:]+(@|%40)[^\s"'<>(),;:]+/gi;
const SHA256 = /\b[a-f0-9]{64}\b/gi;

/** A receiver's words without e-mail addresses, hashes of identifiers, and `secrets`: they end in logs and answers. */
export function redact(text: string, secrets: readonly string[]): string {
  const open = secrets.filter((secret) => secret !== '');
  const withoutSecrets = open.reduce((rest, secret) => rest.replaceAll(secret, '[secret]'), text);
  return withoutSecrets.replaceAll(EMAIL, '[e-mail]').replaceAll(SHA256, '[hash]');
}
