import { type Automation, automationsOf, storedConfigSchema } from '#automations';
import { makeBoundedMap } from '#concurrency';

/** Configs that stay parsed; a segment that is edited takes the place of its old one. */
const SEGMENTS_MAX = 1_000;

/** Parses the automations of a segment from the JSON text of its row, which is parsed again only when it changed. */
export type AutomationCache = (segmentId: string, configText: string | null) => readonly Automation[];

type Parsed = { readonly text: string; readonly automations: readonly Automation[] };

export function makeAutomationCache(): AutomationCache {
  const parsed = makeBoundedMap<string, Parsed>(SEGMENTS_MAX);
  return (segmentId, text) => {
    if (text === null) return [];
    const known = parsed.get(segmentId);
    if (known?.text === text) return known.automations;
    const automations = automationsOf(storedConfigSchema.parse(JSON.parse(text)));
    parsed.set(segmentId, { text, automations });
    return automations;
  };
}
