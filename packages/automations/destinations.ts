import type { DestinationKind } from './automation';
import type { Destination } from './destination';
import { makeMetaDestination } from './meta';
import type { MetaSettings } from './meta-graph';
import type { ResendSettings } from './resend';
import { makeResendDestination } from './resend';
import { makeWebhookDestination } from './webhook';

export type DestinationSettings = {
  readonly resend?: ResendSettings | undefined;
  readonly meta?: MetaSettings | undefined;
  readonly webhookAllowCidrs: readonly string[];
  /** Epoch ms. */
  readonly now: () => number;
  /** Total time of an attempt; 15 s unless given. */
  readonly timeoutMs?: number | undefined;
};

/**
 * All destinations by kind; a new one is a file and a line here.
 * @throws TypeError when an entry of `webhookAllowCidrs` is no CIDR.
 */
export function makeDestinations(
  settings: DestinationSettings,
): Readonly<Record<DestinationKind, Destination>> {
  const { now, timeoutMs } = settings;
  return {
    resend: makeResendDestination({ settings: settings.resend, now, timeoutMs }),
    meta: makeMetaDestination({ settings: settings.meta, now, timeoutMs }),
    webhook: makeWebhookDestination({ allowCidrs: settings.webhookAllowCidrs, now, timeoutMs }),
  };
}
