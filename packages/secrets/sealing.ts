import {
  type DestinationKind,
  headerUse,
  KINDS,
  mapAutomations,
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
  box: Pick<SecretBox, 'seal'>,
): StoredAutomationConfig {
  return mapAutomations(config, <K extends DestinationKind>(kind: K) => {
    const { mapSecrets } = KINDS[kind];
    return (one: StoredForms[K]) =>
      mapSecrets(one, (value, { use }) => {
        if (one.id === undefined) throw new TypeError('an automation without id cannot be sealed');
        return box.seal(value, { automationId: one.id, use });
      });
  });
}
