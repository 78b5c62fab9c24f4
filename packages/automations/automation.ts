import {
  asList,
  type MetaConfig,
  type ResendConfig,
  type StoredAutomationConfig,
  type StoredWebhookConfig,
} from './config';

/** Which way a transition went. */
export type Edge = 'entered' | 'exited';
/** What a delivery does at its destination. */
export type Action = 'send' | 'add' | 'remove';
/** What each edge causes; null: nothing. */
export type EdgeActions<A extends Action> = Readonly<Record<Edge, A | null>>;
export type AudienceAction = 'add' | 'remove';
export type WebhookMethod = 'POST' | 'PUT' | 'PATCH';

export type ResendAutomation = {
  readonly kind: 'resend';
  readonly id: string;
  readonly audienceId: string;
  readonly actions: EdgeActions<AudienceAction>;
};
export type MetaAutomation = {
  readonly kind: 'meta';
  readonly id: string;
  readonly customAudienceId: string;
  readonly conversionEvent: string | null;
  readonly actions: EdgeActions<AudienceAction>;
};
export type WebhookAutomation = {
  readonly kind: 'webhook';
  readonly id: string;
  readonly url: string;
  readonly method: WebhookMethod;
  /** Values as they are stored: sealed, or in clear. */
  readonly headers: Readonly<Record<string, string>>;
  /** As it is stored. */
  readonly secret: string;
  /** Secrets that sign beside it until their instants (epoch ms), the newest first; absent: none. */
  readonly previousSecrets?: readonly { readonly secret: string; readonly untilMs: number }[];
  readonly actions: EdgeActions<'send'>;
};
/** One automation of a segment in its normal form: every default applied, its rule spelled out per edge. */
export type Automation = ResendAutomation | MetaAutomation | WebhookAutomation;
export type DestinationKind = Automation['kind'];

const KINDS: Readonly<Record<DestinationKind, true>> = { webhook: true, resend: true, meta: true };
export const DESTINATION_KINDS: readonly DestinationKind[] = Object.keys(KINDS).filter(
  (name): name is DestinationKind => name in KINDS,
);

/**
 * The flat list of a stored config's automations, defaults applied.
 * @throws TypeError when an id or a webhook's secret is missing: such a config was never passed through `assignIds`.
 */
export function automationsOf(config: StoredAutomationConfig | null): Automation[] {
  if (config === null) return [];
  return [
    ...asList(config.resend).map(resendAutomation),
    ...asList(config.meta).map(metaAutomation),
    ...asList(config.webhook).map(webhookAutomation),
  ];
}

/** What the transition causes at this automation; null: nothing. */
export function matchingAction(automation: Automation, edge: Edge): Action | null {
  return automation.actions[edge];
}

/**
 * The key of the state that a delivery writes: among deliveries with one key only the newest counts, and only
 * one may be in flight. Null for webhooks, which announce and hold no state.
 */
export function stateKeyOf(automation: Automation, personId: string): string | null {
  const audience = audienceOf(automation);
  return audience === null ? null : `${audience}:${personId}`;
}

/** The audience that an automation keeps, under a name that no other destination uses; null: it keeps none. */
export function audienceOf(automation: Automation): string | null {
  switch (automation.kind) {
    case 'resend':
      return `resend:${automation.audienceId}`;
    case 'meta':
      return `meta:${automation.customAudienceId}`;
    case 'webhook':
      return null;
  }
}

/** The fairness key: what may hang or be throttled on its own, and must then slow nobody else. */
export function endpointOf(automation: Automation): string {
  switch (automation.kind) {
    case 'resend':
      return `resend:${automation.audienceId}`;
    case 'meta':
      return `meta:${automation.customAudienceId}`;
    case 'webhook':
      return new URL(automation.url).origin;
  }
}

function resendAutomation(config: ResendConfig): ResendAutomation {
  return {
    kind: 'resend',
    id: requiredId(config),
    audienceId: config.audienceId,
    actions: audienceActions(config),
  };
}

function metaAutomation(config: MetaConfig): MetaAutomation {
  return {
    kind: 'meta',
    id: requiredId(config),
    customAudienceId: config.customAudienceId,
    conversionEvent: config.conversionEvent ?? null,
    actions: audienceActions(config),
  };
}

function webhookAutomation(config: StoredWebhookConfig): WebhookAutomation {
  if (config.secret === undefined) throw new TypeError('a stored webhook has no secret');
  const trigger = config.trigger ?? 'both';
  return {
    kind: 'webhook',
    id: requiredId(config),
    url: config.url,
    method: config.method ?? 'POST',
    headers: config.headers ?? {},
    secret: config.secret,
    ...(config.previousSecrets === undefined
      ? {}
      : {
          previousSecrets: config.previousSecrets.map(({ secret, until }) => ({
            secret,
            untilMs: Date.parse(until),
          })),
        }),
    actions: {
      entered: trigger === 'on_exit' ? null : 'send',
      exited: trigger === 'on_enter' ? null : 'send',
    },
  };
}

function audienceActions(config: ResendConfig | MetaConfig): EdgeActions<AudienceAction> {
  if (config.sync === true) return { entered: 'add', exited: 'remove' };
  const action = config.action ?? 'add';
  return config.trigger === 'on_exit' ? { entered: null, exited: action } : { entered: action, exited: null };
}

function requiredId(config: { readonly id?: string | undefined }): string {
  if (config.id === undefined) throw new TypeError('a stored automation has no id');
  return config.id;
}
