import type { DestinationKind } from '#automations';
import { makeSecretBox, type SecretBox } from '#secrets';
import type { Destination } from './destination';
import type { SendingLimits } from './limits';
import type { MetaSettings } from './meta/graph';
import { META_LIMITS } from './meta/limits';
import { makeMetaDestination } from './meta/meta';
import { RESEND_LIMITS } from './resend/limits';
import { makeResendDestination, type ResendSettings } from './resend/resend';
import { SLACK_LIMITS } from './slack/limits';
import { makeSlackDestination } from './slack/slack';
import { WEBHOOK_LIMITS } from './webhook/limits';
import { makeWebhookDestination } from './webhook/webhook';

export type DestinationSettings = {
  readonly resend?: ResendSettings | undefined;
  readonly meta?: MetaSettings | undefined;
  readonly webhookAllowCidrs: readonly string[];
  /** Opens what is stored of automations; without it only what lies in clear is read. */
  readonly secretBox?: SecretBox | undefined;
  /** Called once for each stored automation that the box does not open. */
  readonly onUnreadable?: ((automationId: string) => void) | undefined;
  /** Epoch ms. */
  readonly now: () => number;
  /** Total time of an attempt; 15 s unless given. */
  readonly timeoutMs?: number | undefined;
};

/** How much of each is worked on at a time. */
export const LIMITS: Readonly<Record<DestinationKind, SendingLimits>> = {
  resend: RESEND_LIMITS,
  meta: META_LIMITS,
  webhook: WEBHOOK_LIMITS,
  slack: SLACK_LIMITS,
};

/**
 * All destinations by kind.
 * @throws TypeError when an entry of `webhookAllowCidrs` is no CIDR.
 */
export function makeDestinations(
  settings: DestinationSettings,
): Readonly<Record<DestinationKind, Destination>> {
  const {
    now,
    timeoutMs,
    secretBox = makeSecretBox([]),
    onUnreadable,
    webhookAllowCidrs: allowCidrs,
  } = settings;
  const guarded = { allowCidrs, secretBox, onUnreadable, now, timeoutMs };
  return {
    resend: makeResendDestination({ settings: settings.resend, now, timeoutMs }),
    meta: makeMetaDestination({ settings: settings.meta, now, timeoutMs }),
    webhook: makeWebhookDestination(guarded),
    slack: makeSlackDestination(guarded),
  };
}
