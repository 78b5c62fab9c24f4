import {
  type DestinationKind,
  KINDS,
  mapAutomations,
  type StoredAutomationConfig,
  type StoredForms,
} from '#automations';

const HOUR_MS = 3_600_000;
/** How long a secret that was rotated away still signs. */
export const ROTATION_OVERLAP_MS = 24 * HOUR_MS;
/** Each is a signature more on every request. */
export const PREVIOUS_SECRETS_MAX = 4;

export type Rotation =
  | { readonly kind: 'rotated'; readonly config: StoredAutomationConfig; readonly overlapEndsAtMs: number }
  | { readonly kind: 'no webhook' }
  /** Earlier ones that still sign. */
  | { readonly kind: 'too many' };

/**
 * Gives an automation that signs a new secret. The old one, and those before it that are not over yet, go on signing
 * beside it.
 * @param secret in clear, or sealed for that automation
 * @param nowMs epoch ms
 */
export function rotateSecret(
  config: StoredAutomationConfig | null,
  {
    automationId,
    secret,
    nowMs,
  }: { readonly automationId: string; readonly secret: string; readonly nowMs: number },
): Rotation {
  if (config === null) return { kind: 'no webhook' };
  const overlapEndsAtMs = nowMs + ROTATION_OVERLAP_MS;
  const until = new Date(overlapEndsAtMs).toISOString();
  const outcomes: Rotation['kind'][] = [];
  const rotated = mapAutomations(config, <K extends DestinationKind>(kind: K) => {
    const { signing } = KINDS[kind];
    return (one: StoredForms[K]) => {
      if (signing === null || one.id !== automationId) return one;
      const { secret: old, previousSecrets = [] } = signing.read(one);
      if (old === undefined) return one;
      const running = previousSecrets.filter((previous) => Date.parse(previous.until) > nowMs);
      outcomes.push(running.length >= PREVIOUS_SECRETS_MAX ? 'too many' : 'rotated');
      return signing.write(one, { secret, previousSecrets: [{ secret: old, until }, ...running] });
    };
  });
  const [outcome = 'no webhook'] = outcomes;
  return outcome === 'rotated' ? { kind: outcome, config: rotated, overlapEndsAtMs } : { kind: outcome };
}
