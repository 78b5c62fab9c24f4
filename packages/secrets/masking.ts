import {
  type AutomationConfig,
  type DestinationKind,
  KINDS,
  mapAutomations,
  MASK,
  type PostedForms,
  SIGNING_USE,
  type StoredAutomationConfig,
  type StoredForms,
} from '#automations';
import { generateSigningSecret } from './signing';

/**
 * Gives every automation without id a new one, and every one that signs and has no secret a random one.
 * @returns the config, and the secrets that are new by the ids of their automations: shown in this answer, then never.
 */
export function assignIds(
  config: StoredAutomationConfig,
  makeId: () => string,
): { readonly config: StoredAutomationConfig; readonly generated: ReadonlyMap<string, string> } {
  const generated = new Map<string, string>();
  const assigned = mapAutomations(config, <K extends DestinationKind>(kind: K) => (one: StoredForms[K]) => {
    const id = one.id ?? makeId();
    const named = { ...one, id };
    const { signing } = KINDS[kind];
    if (signing === null || signing.read(one).secret !== undefined) return named;
    const secret = generateSigningSecret();
    generated.set(id, secret);
    return signing.write(named, { secret });
  });
  return { config: assigned, generated };
}

const NONE: ReadonlyMap<string, string> = new Map();

/**
 * A copy to show: secrets masked, and nothing of a signing secret that is being replaced.
 * @param revealed signing secrets that are shown in clear, by the ids of their automations
 */
export function maskConfig(
  config: StoredAutomationConfig,
  revealed: ReadonlyMap<string, string> = NONE,
): AutomationConfig {
  return mapAutomations<PostedForms>(config, <K extends DestinationKind>(kind: K) => {
    const { mapSecrets, shown } = KINDS[kind];
    return (one: StoredForms[K]) =>
      shown(
        mapSecrets(
          one,
          (_value, { use }) => (use === SIGNING_USE ? revealed.get(one.id ?? '') : null) ?? MASK,
        ),
      );
  });
}
