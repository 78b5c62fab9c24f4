import * as z from 'zod';
import { parseCidrs, urlFault } from './addresses';
import { headerFaults } from './headers';
import { isSigningSecret } from './signing-secret';

/** What stands in place of a webhook's secret and header values wherever the API shows them. */
export const MASK = '***';

const AUTOMATIONS_MAX = 20;
const URL_CHARS_MAX = 2_048;

const automationId = z.uuid();
const audienceId = z.string().regex(/^[A-Za-z0-9_-]{1,100}$/, 'must be 1 to 100 letters, digits, "_" or "-"');
const edgeTrigger = z.enum(['on_enter', 'on_exit']);
const audienceAction = z.enum(['add', 'remove']);

const SYNC_ALONE = 'cannot be combined with sync, which adds on entering and removes on leaving';

/** `sync` says both when and what, so it stands alone. */
function refuseMixedSync(
  config: { sync?: true | undefined; trigger?: unknown; action?: unknown },
  ctx: z.RefinementCtx,
): void {
  if (config.sync !== true) return;
  for (const key of ['trigger', 'action'] as const) {
    if (config[key] !== undefined) ctx.addIssue({ code: 'custom', path: [key], message: SYNC_ALONE });
  }
}

const resendConfig = z
  .strictObject({
    id: automationId.optional(),
    audienceId,
    trigger: edgeTrigger.optional(),
    action: audienceAction.optional(),
    sync: z.literal(true).optional(),
  })
  .superRefine(refuseMixedSync);

const metaConfig = z
  .strictObject({
    id: automationId.optional(),
    customAudienceId: audienceId,
    action: audienceAction.optional(),
    trigger: edgeTrigger.optional(),
    sync: z.literal(true).optional(),
    conversionEvent: z.string().min(1).max(100).optional(),
  })
  .superRefine(refuseMixedSync)
  .superRefine((config, ctx) => {
    if (config.sync === true || config.action !== undefined) return;
    ctx.addIssue({ code: 'custom', path: ['action'], message: 'is required: "add" or "remove"' });
  });

// A record drops an own `__proto__` key in silence, so the faults are read off the raw object.
const headers = z.preprocess(
  (value, ctx) => {
    for (const { name, message } of headerFaults(value)) {
      ctx.issues.push({ code: 'custom', path: name === null ? [] : [name], message, input: value });
    }
    return value;
  },
  z.record(z.string(), z.string()),
);

const NO_SECRET = 'must be "whsec_" followed by the base64 of 24 to 64 bytes';

/** A webhook's secret as users give it. */
export const signingSecretSchema = z.string().refine(isSigningSecret, NO_SECRET);

const secret = z.string().refine((value) => value === MASK || isSigningSecret(value), NO_SECRET);

type UrlFault = (url: string) => string | null;

const webhookConfig = (faultOf: UrlFault) =>
  z.strictObject({
    id: automationId.optional(),
    url: z
      .string()
      .max(URL_CHARS_MAX)
      .superRefine((value, ctx) => {
        const message = faultOf(value);
        if (message !== null) ctx.addIssue({ code: 'custom', message });
      }),
    method: z.enum(['POST', 'PUT', 'PATCH']).optional(),
    headers: headers.optional(),
    trigger: z.enum(['on_enter', 'on_exit', 'both']).optional(),
    secret: secret.optional(),
  });

// As `sealConfig` leaves it; a text that is sealed follows none of the rules for what it hides.
const storedWebhook = webhookConfig((url) => urlFault(url, null)).extend({
  headers: z.record(z.string(), z.string()).optional(),
  secret: z.string().optional(),
  /** Secrets that still sign beside the newer one, each until its instant; the newest first. */
  previousSecrets: z.array(z.strictObject({ secret: z.string(), until: z.iso.datetime() })).optional(),
});

/**
 * One or a list. The preprocess step reports the faults of the form that was meant, with their own paths, where
 * a bare union would report one "invalid union" for all of them; the union behind it carries type and JSON schema.
 */
const oneOrMany = <T extends z.ZodType>(one: T) => {
  const many = z.array(one).min(1).max(AUTOMATIONS_MAX);
  const precise = (value: unknown, ctx: z.RefinementCtx): unknown => {
    const { error } = (Array.isArray(value) ? many : one).safeParse(value);
    // Each is a raw issue but for its input, whose type differs from issue to issue.
    for (const issue of error?.issues ?? [])
      ctx.issues.push({ ...issue, input: value } as z.core.$ZodRawIssue);
    return value;
  };
  return z.preprocess(precise, z.union([one, many]));
};

const configWith = <T extends z.ZodType>(webhook: T) =>
  z.strictObject({
    resend: oneOrMany(resendConfig).optional(),
    meta: oneOrMany(metaConfig).optional(),
    webhook: oneOrMany(webhook).optional(),
  });

const postedWith = (faultOf: UrlFault) => configWith(webhookConfig(faultOf)).superRefine(refuseRepeatedIds);

/** The shape of `automationConfig` without the deployment's address policy: for clients and docs. */
export const automationConfigSchema = postedWith((url) => urlFault(url, null));

/** The shape of `automationConfig` in the database: with secrets and header values sealed, or in clear. */
export const storedConfigSchema = configWith(storedWebhook);

/**
 * The schema of what users post: `automationConfigSchema`, and no webhook URL that shows an address outside the
 * public internet, except within `allowCidrs`.
 * @throws TypeError when an entry of `allowCidrs` is no CIDR.
 */
export function makeAutomationConfigSchema({ allowCidrs }: { readonly allowCidrs: readonly string[] }) {
  const allowed = parseCidrs(allowCidrs);
  return postedWith((url) => urlFault(url, allowed));
}

export type AutomationConfig = z.output<typeof automationConfigSchema>;
export type StoredAutomationConfig = z.output<typeof storedConfigSchema>;
export type ResendConfig = z.output<typeof resendConfig>;
export type MetaConfig = z.output<typeof metaConfig>;
export type WebhookConfig = z.output<ReturnType<typeof webhookConfig>>;
export type StoredWebhookConfig = z.output<typeof storedWebhook>;

/** A part of the config as a list: absent, one or several. */
export function asList<T>(part: T | readonly T[] | undefined): readonly T[] {
  if (part === undefined) return [];
  return isList(part) ? part : [part];
}

/** Changes every automation of one part and keeps its form, one or list. `index` counts within the part. */
export function mapPart<T>(part: T | T[], change: (one: T, index: number) => T): T | T[] {
  return Array.isArray(part) ? part.map(change) : change(part, 0);
}

/** The path of an automation inside the config: `['webhook']`, or `['webhook', 2]` in a list. */
export function partPath(
  kind: 'resend' | 'meta' | 'webhook',
  part: unknown,
  index: number,
): (string | number)[] {
  return Array.isArray(part) ? [kind, index] : [kind];
}

// Array.isArray alone does not narrow a readonly list.
function isList<T>(part: T | readonly T[]): part is readonly T[] {
  return Array.isArray(part);
}

type WithId = { readonly id?: string | undefined };
type PartWithIds = WithId | readonly WithId[] | undefined;

// Typed by what it reads: the config's own type is inferred from the schema that calls this.
function refuseRepeatedIds(
  config: { resend?: PartWithIds; meta?: PartWithIds; webhook?: PartWithIds },
  ctx: z.RefinementCtx,
): void {
  const seen = new Set<string>();
  for (const kind of ['resend', 'meta', 'webhook'] as const) {
    const part = config[kind];
    asList(part).forEach(({ id }, index) => {
      if (id === undefined) return;
      if (seen.has(id)) {
        const path = [...partPath(kind, part, index), 'id'];
        ctx.addIssue({ code: 'custom', path, message: 'is the id of another automation of this segment' });
      }
      seen.add(id);
    });
  }
}
