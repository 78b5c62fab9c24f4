import { asList, type AutomationConfig, mapPart, MASK, type MetaConfig, partPath, type ResendConfig, type StoredAutomationConfig, type StoredWebhookConfig, type WebhookConfig } from '#automations';
import { headerPlace, mapValues, secretPlace } from './sealing';
import type { SecretBox, SecretPlace } from './secret-box';
import { generateSigningSecret } from './signing';

/** A part of the config that is wrong; the path starts inside `automationConfig`. */
export type ConfigFault = { readonly path: (string | number)[]; readonly message: string };

export type MergeResult =
  | { readonly ok: true; readonly config: StoredAutomationConfig }
  | { readonly ok: false; readonly faults: readonly ConfigFault[] };

const NOTHING_STORED = `"${MASK}" stands for a stored value, and there is none`;

/**
 * Completes a config that a client sends with what is stored, in form `next`, in content:
 * - a masked secret or header value becomes the stored one; without a stored one it is a fault;
 * - an automation without id keeps the id, and a webhook without secret the secret, of its stored counterpart, so
 *   that sending the same config again changes nothing for its receivers;
 * - a secret that is another than the stored one replaces it at once, and ends a rotation that runs.
 *
 * The counterpart is the stored automation of the same kind with the same id; for one without id that with the
 * same target (URL or audience), or, if it shows a mask, the one in the same position. Each serves once.
 */
export function mergeMasked(
  next: AutomationConfig,
  previous: StoredAutomationConfig | null,
  box: Pick<SecretBox, 'open'>,
): MergeResult {
  const faults: ConfigFault[] = [];
  const resend = asList(previous?.resend);
  const meta = asList(previous?.meta);
  const merged: StoredAutomationConfig = {};
  if (next.resend !== undefined) {
    const twin = counterparts(resend, asList(next.resend), (config: ResendConfig) => config.audienceId);
    merged.resend = mapPart(next.resend, (one) => keepId(one, twin(one)));
  }
  if (next.meta !== undefined) {
    const twin = counterparts(meta, asList(next.meta), (config: MetaConfig) => config.customAudienceId);
    merged.meta = mapPart(next.meta, (one) => keepId(one, twin(one)));
  }
  if (next.webhook !== undefined) {
    const part = next.webhook;
    const twin = counterparts(asList(previous?.webhook), asList(part), (config: WebhookConfig) => config.url);
    merged.webhook = mapPart(part, (one, index) => {
      const stored = twin(one, showsMask(one) ? index : undefined);
      const { config, faulty } = unmask(keepId(one, stored), stored, box);
      const path = partPath('webhook', part, index);
      faults.push(...faulty.map((inner) => ({ path: [...path, ...inner], message: NOTHING_STORED })));
      return config;
    });
  }
  return faults.length > 0 ? { ok: false, faults } : { ok: true, config: merged };
}

/**
 * Gives every automation without id a new one, and every webhook without secret a random secret.
 * @returns the config, and the secrets that are new by the ids of their webhooks: shown in this answer, then never.
 */
export function assignIds(
  config: StoredAutomationConfig,
  makeId: () => string,
): { readonly config: StoredAutomationConfig; readonly generated: ReadonlyMap<string, string> } {
  const generated = new Map<string, string>();
  const assigned: StoredAutomationConfig = {};
  if (config.resend !== undefined) {
    assigned.resend = mapPart(config.resend, (one) => ({ ...one, id: one.id ?? makeId() }));
  }
  if (config.meta !== undefined) {
    assigned.meta = mapPart(config.meta, (one) => ({ ...one, id: one.id ?? makeId() }));
  }
  if (config.webhook !== undefined) {
    assigned.webhook = mapPart(config.webhook, (one) => {
      const id = one.id ?? makeId();
      if (one.secret !== undefined) return { ...one, id };
      const secret = generateSigningSecret();
      generated.set(id, secret);
      return { ...one, id, secret };
    });
  }
  return { config: assigned, generated };
}

const NONE: ReadonlyMap<string, string> = new Map();

/**
 * A copy to show: header values and secrets masked, and nothing of a secret that is being replaced.
 * @param revealed secrets that are shown in clear, by the ids of their webhooks
 */
export function maskConfig(
  config: StoredAutomationConfig,
  revealed: ReadonlyMap<string, string> = NONE,
): AutomationConfig {
  const { webhook, ...others } = config;
  if (webhook === undefined) return others;
  const masked = ({ previousSecrets: _hidden, ...one }: StoredWebhookConfig): WebhookConfig => ({
    ...one,
    ...(one.headers === undefined ? {} : { headers: mapValues(one.headers, () => MASK) }),
    ...(one.secret === undefined ? {} : { secret: revealed.get(one.id ?? '') ?? MASK }),
  });
  return { ...others, webhook: Array.isArray(webhook) ? webhook.map(masked) : masked(webhook) };
}

/** Finds stored counterparts; those that are named by id are kept for their namesakes. */
function counterparts<T extends { id?: string | undefined }>(
  stored: readonly T[],
  next: readonly T[],
  targetOf: (config: T) => string,
): (one: T, position?: number) => T | null {
  const named = new Set(next.map(({ id }) => id).filter((id) => id !== undefined));
  const free = new Set(stored.filter(({ id }) => id === undefined || !named.has(id)));
  const targets = new Set(next.filter(({ id }) => id === undefined).map(targetOf));
  return (one, position) => {
    if (one.id !== undefined) return stored.find(({ id }) => id === one.id) ?? null;
    const there = position === undefined ? undefined : stored[position];
    const found =
      [...free].find((candidate) => targetOf(candidate) === targetOf(one)) ??
      // Not one whose own target is in the list: it is somebody else's counterpart.
      (there !== undefined && free.has(there) && !targets.has(targetOf(there)) ? there : undefined);
    if (found !== undefined) free.delete(found);
    return found ?? null;
  };
}

function keepId<T extends { id?: string | undefined }>(one: T, stored: T | null): T {
  return one.id === undefined && stored?.id !== undefined ? { ...one, id: stored.id } : one;
}

function showsMask({ secret, headers }: WebhookConfig): boolean {
  return secret === MASK || Object.values(headers ?? {}).includes(MASK);
}

function unmask(
  config: WebhookConfig,
  stored: StoredWebhookConfig | null,
  box: Pick<SecretBox, 'open'>,
): { readonly config: StoredWebhookConfig; readonly faulty: readonly string[][] } {
  const faulty: string[][] = [];
  const automationId = config.id ?? '';
  // A value that is stored already keeps its sealed text: what is equal stays equal.
  const isStored = (value: string, text: string | undefined, place: SecretPlace): text is string =>
    text !== undefined && (value === MASK || box.open(text, place) === value);
  const resolved: StoredWebhookConfig = { ...config };
  if (config.headers !== undefined) {
    const known = new Map(
      Object.entries(stored?.headers ?? {}).map(([name, value]) => [name.toLowerCase(), value]),
    );
    resolved.headers = mapValues(config.headers, (value, name) => {
      const text = known.get(name.toLowerCase());
      if (isStored(value, text, headerPlace(automationId, name))) return text;
      if (value === MASK) faulty.push(['headers', name]);
      return value;
    });
  }
  const { secret = MASK } = config;
  if (isStored(secret, stored?.secret, secretPlace(automationId))) {
    resolved.secret = stored?.secret;
    if (stored?.previousSecrets !== undefined) resolved.previousSecrets = stored.previousSecrets;
  } else if (config.secret === MASK) faulty.push(['secret']);
  return { config: resolved, faulty };
}
