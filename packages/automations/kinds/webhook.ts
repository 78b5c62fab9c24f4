import * as z from 'zod';
import { isStorable } from '#events';
import { announcing, type EdgeActions } from '../actions';
import { urlFault } from '../addresses';
import { headerFaults } from '../headers';
import { MASK } from '../mask';
import { isSigningSecret } from '../signing-secret';
import { automationId, type Kind } from './kind';

const URL_CHARS_MAX = 2_048;

export const announcementTrigger = z.enum(['on_enter', 'on_exit', 'both']);

// A record drops an own `__proto__` key in silence, so the faults are read off the raw object.
const headers = z.preprocess<
  Record<string, string>,
  z.ZodRecord<z.ZodString, z.ZodString>,
  Record<string, string>
>(
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

/** A URL whose faults `faultOf` finds; text that no database stores is none. */
export function urlSchema(faultOf: (url: string) => string | null) {
  return z
    .string()
    .max(URL_CHARS_MAX)
    .superRefine((value, ctx) => {
      const message = isStorable(value) ? faultOf(value) : 'must not contain U+0000 or unpaired surrogates';
      if (message !== null) ctx.addIssue({ code: 'custom', message });
    });
}

const schema = (allowed: Parameters<typeof urlFault>[1]) =>
  z.strictObject({
    id: automationId.optional(),
    url: urlSchema((url) => urlFault(url, allowed)),
    method: z.enum(['POST', 'PUT', 'PATCH']).optional(),
    headers: headers.optional(),
    trigger: announcementTrigger.optional(),
    secret: secret.optional(),
  });

const stored = schema(null).extend({
  headers: z.record(z.string(), z.string()).optional(),
  secret: z.string().optional(),
  /** Secrets that still sign beside the newer one, each until its instant; the newest first. */
  previousSecrets: z.array(z.strictObject({ secret: z.string(), until: z.iso.datetime() })).optional(),
});

export type WebhookConfig = z.output<ReturnType<typeof schema>>;
export type StoredWebhookConfig = z.output<typeof stored>;

export type WebhookAutomation = {
  readonly kind: 'webhook';
  readonly id: string;
  readonly url: string;
  readonly method: 'POST' | 'PUT' | 'PATCH';
  /** Values as they are stored: sealed, or in clear. */
  readonly headers: Readonly<Record<string, string>>;
  /** As it is stored. */
  readonly secret: string;
  /** Secrets that sign beside it until their instants (epoch ms), the newest first; absent: none. */
  readonly previousSecrets?: readonly { readonly secret: string; readonly untilMs: number }[];
  readonly actions: EdgeActions<'send'>;
};

/** The use of a secret that signs. */
export const SIGNING_USE = 'secret';

/** The use of a header's value. Header names ignore case, and may come back in another one. */
export function headerUse(name: string): string {
  return `header:${name.toLowerCase()}`;
}

/** @throws TypeError without a secret: such a config was never passed through `assignIds` */
function normalise(config: StoredWebhookConfig & { readonly id: string }): WebhookAutomation {
  if (config.secret === undefined) throw new TypeError('a stored webhook has no secret');
  const { previousSecrets } = config;
  return {
    kind: 'webhook',
    id: config.id,
    url: config.url,
    method: config.method ?? 'POST',
    headers: config.headers ?? {},
    secret: config.secret,
    ...(previousSecrets === undefined
      ? {}
      : {
          previousSecrets: previousSecrets.map((one) => ({
            secret: one.secret,
            untilMs: Date.parse(one.until),
          })),
        }),
    actions: announcing(config.trigger),
  };
}

const mapSecrets: typeof webhook.mapSecrets = (config, change) => {
  const { headers: values, secret: current, previousSecrets } = config;
  const changed = { ...config };
  if (values !== undefined) {
    changed.headers = Object.fromEntries(
      Object.entries(values).map(([name, value]) => [
        name,
        change(value, { use: headerUse(name), path: ['headers', name] }),
      ]),
    );
  }
  if (current !== undefined) changed.secret = change(current, { use: SIGNING_USE, path: ['secret'] });
  if (previousSecrets !== undefined) {
    changed.previousSecrets = previousSecrets.map((one, index) => ({
      ...one,
      secret: change(one.secret, { use: SIGNING_USE, path: ['previousSecrets', index, 'secret'] }),
    }));
  }
  return changed;
};

/** A signed request to any address. */
export const webhook: Kind<WebhookConfig, StoredWebhookConfig, WebhookAutomation> = {
  schema,
  stored,
  shown: ({ previousSecrets: _hidden, ...shown }) => shown,
  normalise,
  target: (config) => config.url,
  originOf: (config) => new URL(config.url).origin,
  mapSecrets,
  withFingerprint: null,
  signing: {
    // Nothing is named that is not there: two configs are compared by their keys.
    read: ({ secret: current, previousSecrets }) => ({
      ...(current === undefined ? {} : { secret: current }),
      ...(previousSecrets === undefined ? {} : { previousSecrets }),
    }),
    write: (config, secrets) => ({ ...config, ...secrets }),
  },
  endpointOf: (automation) => new URL(automation.url).origin,
  audienceOf: () => null,
  audience: null,
  rendersBody: true,
  // Its 410 tells nothing of other deliveries.
  finalMeansItWorks: false,
  needsCredentials: false,
};
