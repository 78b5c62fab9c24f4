import type { AutomationConfig, MetaConfig, ResendConfig, WebhookConfig } from './config';
import { asList, MASK, mapPart, partPath } from './config';
import { generateSigningSecret } from './signing';

/** A part of the config that is wrong; the path starts inside `automationConfig`. */
export type ConfigFault = { readonly path: (string | number)[]; readonly message: string };

export type MergeResult =
  | { readonly ok: true; readonly config: AutomationConfig }
  | { readonly ok: false; readonly faults: readonly ConfigFault[] };

const NOTHING_STORED = `"${MASK}" stands for a stored value, and there is none`;

/**
 * Completes a config that a client sends with what is stored, in form `next`, in content:
 * - a masked secret or header value becomes the stored one; without a stored one it is a fault;
 * - an automation without id keeps the id, and a webhook without secret the secret, of its stored counterpart, so
 *   that sending the same config again changes nothing for its receivers.
 *
 * The counterpart is the stored automation of the same kind with the same id; for one without id that with the
 * same target (URL or audience), or, if it shows a mask, the one in the same position. Each serves once.
 */
export function mergeMasked(next: AutomationConfig, previous: AutomationConfig | null): MergeResult {
  const faults: ConfigFault[] = [];
  const resend = asList(previous?.resend);
  const meta = asList(previous?.meta);
  const merged: AutomationConfig = {};
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
      const { config, faulty } = unmask(keepId(one, stored), stored);
      const path = partPath('webhook', part, index);
      faults.push(...faulty.map((inner) => ({ path: [...path, ...inner], message: NOTHING_STORED })));
      return config;
    });
  }
  return faults.length > 0 ? { ok: false, faults } : { ok: true, config: merged };
}

/**
 * Gives every automation without id a new one, and every webhook without secret a random secret.
 * @returns the config to store, and the ids of the webhooks whose secret is new: shown in this answer, then never.
 */
export function assignIds(
  config: AutomationConfig,
  makeId: () => string,
): { readonly config: AutomationConfig; readonly generated: ReadonlySet<string> } {
  const generated = new Set<string>();
  const assigned: AutomationConfig = {};
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
      generated.add(id);
      return { ...one, id, secret: generateSigningSecret() };
    });
  }
  return { config: assigned, generated };
}

/** A copy to show: header values and secrets masked, except the secrets of the webhooks in `revealSecretsOf`. */
export function maskConfig(
  config: AutomationConfig,
  { revealSecretsOf }: { readonly revealSecretsOf?: ReadonlySet<string> } = {},
): AutomationConfig {
  if (config.webhook === undefined) return { ...config };
  const webhook = mapPart(config.webhook, (one) => {
    const isShown = one.id !== undefined && revealSecretsOf?.has(one.id) === true;
    return {
      ...one,
      ...(one.headers === undefined ? {} : { headers: mapValues(one.headers, () => MASK) }),
      ...(one.secret === undefined || isShown ? {} : { secret: MASK }),
    };
  });
  return { ...config, webhook };
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
  stored: WebhookConfig | null,
): { readonly config: WebhookConfig; readonly faulty: readonly string[][] } {
  const faulty: string[][] = [];
  const known = new Map(
    Object.entries(stored?.headers ?? {}).map(([name, value]) => [name.toLowerCase(), value]),
  );
  const resolved: WebhookConfig = { ...config };
  if (config.headers !== undefined) {
    resolved.headers = mapValues(config.headers, (value, name) => {
      if (value !== MASK) return value;
      const kept = known.get(name.toLowerCase());
      if (kept === undefined) faulty.push(['headers', name]);
      return kept ?? value;
    });
  }
  if (config.secret === undefined || config.secret === MASK) {
    if (stored?.secret !== undefined) resolved.secret = stored.secret;
    else if (config.secret === MASK) faulty.push(['secret']);
  }
  return { config: resolved, faulty };
}

function mapValues(
  values: Readonly<Record<string, string>>,
  change: (value: string, name: string) => string,
): Record<string, string> {
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [name, change(value, name)]));
}
