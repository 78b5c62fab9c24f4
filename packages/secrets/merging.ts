import {
  asList,
  type AutomationConfig,
  type DestinationKind,
  KINDS,
  mapAutomations,
  MASK,
  type OneOrMany,
  partPath,
  type SecretUse,
  type StoredAutomationConfig,
  type StoredForms,
} from '#automations';
import type { SecretBox } from './secret-box';

/** A part of the config that is wrong; the path starts inside `automationConfig`. */
export type ConfigFault = { readonly path: (string | number)[]; readonly message: string };

export type MergeResult =
  | { readonly ok: true; readonly config: StoredAutomationConfig }
  | { readonly ok: false; readonly faults: readonly ConfigFault[] };

const NOTHING_STORED = `"${MASK}" stands for a stored value, and there is none`;
const FOR_ANOTHER_HOST = `"${MASK}" stands for a value that was stored for another host: give it again`;

/**
 * Completes a config that a client sends with what is stored, in form `next`, in content:
 * - a masked secret becomes the stored one; without a stored one it is a fault, and so it is where the automation now
 *   goes to another host: who may edit a segment may not so read its secrets;
 * - an automation without id keeps the id, and one that signs and has no secret the secret, of its stored counterpart,
 *   so that sending the same config again changes nothing for its receivers; another host gets a new secret;
 * - a signing secret that is another than the stored one replaces it at once, and ends a rotation that runs.
 *
 * The counterpart is the stored automation of the same kind with the same id; for one without id that with the
 * same target (URL or audience), or, if it shows a mask, the one in the same position. Each serves once.
 */
export function mergeMasked(
  next: AutomationConfig,
  previous: StoredAutomationConfig | null,
  box: Pick<SecretBox, 'open'>,
): MergeResult {
  const faults: ConfigFault[] = [];
  const merged = mapAutomations(next, <K extends DestinationKind>(kind: K) => {
    const part: OneOrMany<StoredForms[K]> | undefined = next[kind];
    const storedPart: OneOrMany<StoredForms[K]> | undefined = previous?.[kind];
    const twin = counterparts(kind, asList(storedPart), asList(part), box);
    return (one: StoredForms[K], index: number): StoredForms[K] => {
      const stored = twin(one, index);
      const { originOf } = KINDS[kind];
      const goesElsewhere = stored !== null && originOf !== null && originOf(one) !== originOf(stored);
      const known = goesElsewhere ? null : stored;
      const { config, faulty } = unmask(kind, keepId(one, stored), known, box);
      const path = partPath(kind, part, index);
      const message = goesElsewhere ? FOR_ANOTHER_HOST : NOTHING_STORED;
      faults.push(...faulty.map((inner) => ({ path: [...path, ...inner], message })));
      return keepSigning(kind, config, known);
    };
  });
  return faults.length > 0 ? { ok: false, faults } : { ok: true, config: merged };
}

/** Finds stored counterparts; those that are named by id are kept for their namesakes. */
function counterparts<K extends DestinationKind>(
  kind: K,
  stored: readonly StoredForms[K][],
  next: readonly StoredForms[K][],
  box: Pick<SecretBox, 'open'>,
): (one: StoredForms[K], position: number) => StoredForms[K] | null {
  const { target, mapSecrets } = KINDS[kind];
  const targets = new Map<StoredForms[K], string>();
  for (const one of stored) {
    // A target that is a secret itself is sealed.
    const opened = mapSecrets(
      one,
      (text, { use }) => box.open(text, { automationId: one.id ?? '', use }) ?? text,
    );
    targets.set(one, target(opened));
  }
  const named = new Set(next.map(({ id }) => id).filter((id) => id !== undefined));
  const free = new Set(stored.filter(({ id }) => id === undefined || !named.has(id)));
  const wanted = new Set(next.filter(({ id }) => id === undefined).map(target));
  return (one, position) => {
    if (one.id !== undefined) return stored.find(({ id }) => id === one.id) ?? null;
    const there = showsMask(kind, one) ? stored[position] : undefined;
    const found =
      [...free].find((candidate) => targets.get(candidate) === target(one)) ??
      // One whose own target is in the list does not count: it is the counterpart of another one.
      (there !== undefined && free.has(there) && !wanted.has(targets.get(there) ?? '') ? there : undefined);
    if (found !== undefined) free.delete(found);
    return found ?? null;
  };
}

function showsMask<K extends DestinationKind>(kind: K, one: StoredForms[K]): boolean {
  let isMasked = false;
  KINDS[kind].mapSecrets(one, (value) => {
    isMasked ||= value === MASK;
    return value;
  });
  return isMasked;
}

function keepId<T extends { id?: string | undefined }>(one: T, stored: T | null): T {
  return one.id === undefined && stored?.id !== undefined ? { ...one, id: stored.id } : one;
}

/** Each secret that is stored already keeps its text, sealed as it is: what is equal stays equal. */
function unmask<K extends DestinationKind>(
  kind: K,
  config: StoredForms[K],
  stored: StoredForms[K] | null,
  box: Pick<SecretBox, 'open'>,
): { readonly config: StoredForms[K]; readonly faulty: readonly SecretUse['path'][] } {
  const { mapSecrets } = KINDS[kind];
  const faulty: SecretUse['path'][] = [];
  const automationId = config.id ?? '';
  const known = stored === null ? new Map<string, string>() : secretsOf(kind, stored);
  const resolved = mapSecrets(config, (value, { use, path }) => {
    const text = known.get(use);
    if (text !== undefined && (value === MASK || box.open(text, { automationId, use }) === value))
      return text;
    if (value === MASK) faulty.push(path);
    return value;
  });
  return { config: resolved, faulty };
}

/** The texts of a stored automation's secrets by their uses; of several for one use the first, which is the newest. */
function secretsOf<K extends DestinationKind>(kind: K, stored: StoredForms[K]): Map<string, string> {
  const texts = new Map<string, string>();
  KINDS[kind].mapSecrets(stored, (text, { use }) => {
    if (!texts.has(use)) texts.set(use, text);
    return text;
  });
  return texts;
}

function keepSigning<K extends DestinationKind>(
  kind: K,
  config: StoredForms[K],
  stored: StoredForms[K] | null,
): StoredForms[K] {
  const { signing } = KINDS[kind];
  if (signing === null || stored === null) return config;
  const before = signing.read(stored);
  const { secret = before.secret } = signing.read(config);
  if (secret !== before.secret || secret === undefined) return config;
  return signing.write(config, before);
}
