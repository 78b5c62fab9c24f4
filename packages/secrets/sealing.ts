import { mapPart, type StoredAutomationConfig } from '#automations';
import type { SecretBox, SecretPlace } from './secret-box';

export const secretPlace = (automationId: string): SecretPlace => ({ automationId, use: 'secret' });

/** Header names ignore case, and may come back in another one. */
export const headerPlace = (automationId: string, name: string): SecretPlace => ({
  automationId,
  use: `header:${name.toLowerCase()}`,
});

/**
 * A copy to store: every secret and header value sealed under the box's first key, those too that an earlier version
 * left in clear or that were sealed under an older key.
 * @throws TypeError when a webhook has no id: such a config was never passed through `assignIds`
 */
export function sealConfig(
  config: StoredAutomationConfig,
  box: Pick<SecretBox, 'seal'>,
): StoredAutomationConfig {
  if (config.webhook === undefined) return config;
  const webhook = mapPart(config.webhook, (one) => {
    const { id, headers, secret, previousSecrets } = one;
    if (id === undefined) throw new TypeError('a webhook without id cannot be sealed');
    const place = secretPlace(id);
    return {
      ...one,
      ...(headers === undefined
        ? {}
        : { headers: mapValues(headers, (value, name) => box.seal(value, headerPlace(id, name))) }),
      ...(secret === undefined ? {} : { secret: box.seal(secret, place) }),
      ...(previousSecrets === undefined
        ? {}
        : {
            previousSecrets: previousSecrets.map((one) => ({ ...one, secret: box.seal(one.secret, place) })),
          }),
    };
  });
  return { ...config, webhook };
}

export function mapValues(
  values: Readonly<Record<string, string>>,
  change: (value: string, name: string) => string,
): Record<string, string> {
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [name, change(value, name)]));
}
