import type { Action, Edge } from './actions';
import type { StoredAutomationConfig } from './config';
import { DESTINATION_KINDS, type DestinationKind, KINDS, type NormalForms, type StoredForms } from './kinds';
import { asList, type OneOrMany } from './one-or-many';

/** One automation of a segment in its normal form: every default applied, its rule spelled out per edge. */
export type Automation = NormalForms[DestinationKind];

type OfKind<K extends DestinationKind> = NormalForms[K] & { readonly kind: K };

/**
 * The flat list of a stored config's automations, defaults applied.
 * @throws TypeError when an id or a webhook's secret is missing: such a config was never passed through `assignIds`.
 */
export function automationsOf(config: StoredAutomationConfig | null): Automation[] {
  if (config === null) return [];
  const ofKind = <K extends DestinationKind>(kind: K): Automation[] => {
    const part: OneOrMany<StoredForms[K]> | undefined = config[kind];
    return asList(part).map((one) => KINDS[kind].normalise(withId(one)));
  };
  return DESTINATION_KINDS.flatMap(ofKind);
}

/** What the transition causes at this automation; null: nothing. */
export function matchingAction(automation: Automation, edge: Edge): Action | null {
  return automation.actions[edge];
}

/** Whether an automation keeps an audience equal to its segment. */
export function isSync(automation: Automation): boolean {
  return 'syncs' in automation && automation.syncs;
}

/**
 * The key of the state that a delivery writes: among deliveries with one key only the newest counts, and only
 * one may be in flight. Null for what announces transitions and holds no state.
 * @param holder the person or address in the audience: {@link holderIn}
 */
export function stateKeyOf(automation: Automation, holder: string): string | null {
  const audience = audienceOf(automation);
  return audience === null ? null : `${audience}:${holder}`;
}

/**
 * What an audience holds for a person: their address, where it knows people by that alone, else the person.
 * @param keyOf the key of an address
 */
export function holderIn(
  { kind }: Pick<Automation, 'kind'>,
  { id, email }: { readonly id: string; readonly email: string | null },
  keyOf: (address: string) => string,
): string {
  const address = KINDS[kind].audience?.knowsByAddress === true ? (email?.trim() ?? '') : '';
  return address === '' ? id : keyOf(address);
}

/** The audience that an automation keeps, under a name that no other destination uses; null: it keeps none. */
export function audienceOf<K extends DestinationKind>(automation: OfKind<K>): string | null {
  return KINDS[automation.kind].audienceOf(automation);
}

/** The fairness key: what may hang or be throttled on its own, and must then slow nobody else. */
export function endpointOf<K extends DestinationKind>(automation: OfKind<K>): string {
  return KINDS[automation.kind].endpointOf(automation);
}

function withId<T extends { readonly id?: string | undefined }>(stored: T): T & { readonly id: string } {
  const { id } = stored;
  if (id === undefined) throw new TypeError('a stored automation has no id');
  return { ...stored, id };
}
