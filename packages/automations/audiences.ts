import { audienceOf, type Automation, isSync } from './automation';
import { type DestinationKind, KINDS } from './kinds';

/** The kinds of destinations that keep audiences. */
export const AUDIENCE_KINDS = ['resend', 'meta'] as const satisfies readonly DestinationKind[];
export type AudienceKind = (typeof AUDIENCE_KINDS)[number];

/** What is woken, beside the kinds of destinations, where somebody's place in synced audiences may have changed. */
export const AUDIENCES = 'audiences';

/** An audience as users name it. */
export type AudienceName = { readonly destination: AudienceKind; readonly audienceId: string };

/** The name that {@link audienceOf} gives an audience. */
export function audienceNamed({ destination, audienceId }: AudienceName): string {
  return `${destination}:${audienceId}`;
}

/** Reads a name that {@link audienceOf} gave. @throws TypeError when it gave none such */
export function nameOfAudience(audience: string): AudienceName {
  const destination = AUDIENCE_KINDS.find((kind) => audience.startsWith(`${kind}:`));
  if (destination === undefined) throw new TypeError('no audience of a kind that is known');
  return { destination, audienceId: audience.slice(destination.length + 1) };
}

/** The automation that puts entries into an audience and takes them out, whichever segments sync it by now. */
export function entryAutomation(audience: string, id: string): Automation {
  const { destination, audienceId } = nameOfAudience(audience);
  const facts = KINDS[destination].audience;
  if (facts === null) throw new TypeError(`${destination} keeps no audience`);
  return facts.entryAutomation(audienceId, id);
}

/** The audiences that automations sync, each once, with the first automation that does. */
export function syncedBy(automations: readonly Automation[]): ReadonlyMap<string, Automation> {
  const synced = new Map<string, Automation>();
  for (const automation of automations) {
    const audience = isSync(automation) ? audienceOf(automation) : null;
    if (audience !== null && !synced.has(audience)) synced.set(audience, automation);
  }
  return synced;
}
