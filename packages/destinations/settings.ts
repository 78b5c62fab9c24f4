import type { Env } from '#runtime';
import type { SecretBox } from '#secrets';
import type { DestinationSettings } from './registry';

/** What the environment says of the destinations. */
export function destinationSettings(
  env: Env,
  secretBox: SecretBox,
): Omit<DestinationSettings, 'onUnreadable' | 'timeoutMs'> {
  const { RESEND_API_KEY: apiKey, META_ACCESS_TOKEN: accessToken } = env;
  return {
    resend: apiKey === undefined ? undefined : { apiKey, baseUrl: env.RESEND_BASE_URL },
    meta:
      accessToken === undefined
        ? undefined
        : {
            accessToken,
            pixelId: env.META_PIXEL_ID,
            baseUrl: env.META_BASE_URL,
            apiVersion: env.META_API_VERSION,
          },
    webhookAllowCidrs: env.WEBHOOK_ALLOW_CIDRS,
    secretBox,
    now: Date.now,
  };
}
