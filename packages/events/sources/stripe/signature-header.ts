/** What a `Stripe-Signature` header holds: epoch seconds, and the signatures of the scheme `v1` in hex. */
export type StripeSignature = { readonly timestampS: number; readonly signatures: readonly string[] };

const HEADER_MAX = 4_096;

/** How far from now a signature may be dated, in both directions: Stripe's own packages take any future. */
const TOLERANCE_S = 300;

/**
 * Parses the header `t=<seconds>,v1=<hex>,…` as Stripe's own packages do: any order, several `v1` (a secret that is
 * being rotated), of two `t` the last. Null where a part is missing, so that nothing can be verified.
 */
export function parseStripeSignature(header: unknown): StripeSignature | null {
  if (typeof header !== 'string' || header.length > HEADER_MAX) return null;
  const fields = header.split(',').map((field) => {
    const equals = field.indexOf('=');
    return [field.slice(0, Math.max(0, equals)), field.slice(equals + 1)] as const;
  });
  const timestamp = fields.findLast(([name]) => name === 't')?.[1] ?? '';
  // A signature that is no SHA-256 in lower-case hex can't be the right one, and would make comparing it throw.
  const signatures = fields.flatMap(([name, value]) =>
    name === 'v1' && /^[0-9a-f]{64}$/.test(value) ? [value] : [],
  );
  if (!/^\d{1,12}$/.test(timestamp) || signatures.length === 0) return null;
  return { timestampS: Number(timestamp), signatures };
}

/** Whether a signature is from now: what is older may be sent again by somebody who overheard it. */
export function isFreshSignature({ timestampS }: StripeSignature, nowMs: number): boolean {
  return Math.abs(Math.floor(nowMs / 1000) - timestampS) <= TOLERANCE_S;
}
