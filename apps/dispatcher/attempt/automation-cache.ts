import { type Automation, automationsOf, storedConfigSchema } from '#automations';

/** Configs that stay parsed; a segment that is edited takes the place of its old one. */
const SEGMENTS_MAX = 1_000;

/** Parses the automations of a segment from the JSON text of its row, which is parsed again only when it changed. */
export type AutomationCache = (segmentId: string, configText: string | null) => readonly Automation[];

export function makeAutomationCache(): AutomationCache {
  const parsed = new Map<string, { readonly text: string; readonly automations: readonly Automation[] }>();
  return (segmentId, text) => {
    if (text === null) return [];
    const known = parsed.get(segmentId);
    if (known?.text === text) return known.automations;
    const automations = automationsOf(storedConfigSchema.parse(JSON.parse(text)));
    if (parsed.size >= SEGMENTS_MAX) parsed.clear();
    parsed.set(segmentId, { text, automations });
    return automations;
  };
}
