import { createHash } from 'node:crypto';
import {
  type DestinationKind,
  headerUse,
  isSealed,
  KINDS,
  mapAutomations,
  type SecretUse,
  SIGNING_USE,
  type StoredAutomationConfig,
  type StoredForms,
} from '#automations';
import type { SecretBox, SecretPlace } from './secret-box';

/** Where an automation's signing secrets belong. */
export const secretPlace = (automationId: string): SecretPlace => ({ automationId, use: SIGNING_USE });

/** Where the value of a header belongs. */
export const headerPlace = (automationId: string, name: string): SecretPlace => ({
  automationId,
  use: headerUse(name),
});

/**
 * A copy to store: every secret sealed under the box's first key, those too that an earlier version left in clear or
 * that were sealed under an older key.
 * @throws TypeError when an automation with a secret has no id: such a config was never passed through `assignIds`
 */
export function sealConfig(
  config: StoredAutomationConfig,
  box: Pick<SecretBox, 'seal' | 'open'>,
): StoredAutomationConfig {
  return mapAutomations(config, <K extends DestinationKind>(kind: K) => {
    const { mapSecrets, target, withFingerprint } = KINDS[kind];
    return (one: StoredForms[K]) => {
      const placeOf = ({ use }: SecretUse): SecretPlace => {
        if (one.id === undefined) throw new TypeError('an automation without id cannot be sealed');
        return { automationId: one.id, use };
      };
      const sealed = mapSecrets(one, (value, use) => box.seal(value, placeOf(use)));
      if (withFingerprint === null) return sealed;
      const place = target(mapSecrets(one, (text, use) => box.open(text, placeOf(use)) ?? text));
      return isSealed(place) ? sealed : withFingerprint(sealed, fingerprintOf(place));
    };
  });
}

/** 128 bits: nobody finds a URL with a random part by them, and no two are alike. */
function fingerprintOf(target: string): string {
  return createHash('sha256').update(target).digest('hex').slice(0, 32);
}
