import { asList, mapPart, type StoredAutomationConfig, type StoredWebhookConfig } from '#automations';

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
 * Gives a webhook a new secret. The old one, and those before it that are not over yet, go on signing beside it.
 * @param secret in clear, or sealed for that webhook
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
  const found = asList<StoredWebhookConfig>(config?.webhook).find(({ id }) => id === automationId);
  if (config?.webhook === undefined || found?.secret === undefined) return { kind: 'no webhook' };
  const overlapEndsAtMs = nowMs + ROTATION_OVERLAP_MS;
  const until = new Date(overlapEndsAtMs).toISOString();
  const running = (found.previousSecrets ?? []).filter((one) => Date.parse(one.until) > nowMs);
  if (running.length >= PREVIOUS_SECRETS_MAX) return { kind: 'too many' };
  const rotated: StoredWebhookConfig = {
    ...found,
    secret,
    previousSecrets: [{ secret: found.secret, until }, ...running],
  };
  const webhook = mapPart(config.webhook, (one) => (one === found ? rotated : one));
  return { kind: 'rotated', config: { ...config, webhook }, overlapEndsAtMs };
}
