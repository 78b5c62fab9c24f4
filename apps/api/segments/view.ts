import type { z } from 'zod';
import type { segmentSchema } from '#api-schemas';
import { type StoredAutomationConfig, storedConfigSchema } from '#automations';
import type { Criteria } from '#criteria';
import type { SegmentRow } from '#database';
import { maskConfig } from '#secrets';

/** The automations of a stored segment. */
export function storedConfig(row: Pick<SegmentRow, 'automationConfig'>): StoredAutomationConfig | null {
  return row.automationConfig === null ? null : storedConfigSchema.parse(row.automationConfig);
}

/**
 * A segment as the API shows it: secrets and header values masked.
 * @param revealed secrets that this very request made, by the ids of their webhooks: shown now and never again
 */
export function segmentView(
  row: SegmentRow,
  revealed?: ReadonlyMap<string, string>,
): z.input<typeof segmentSchema> {
  const config = storedConfig(row);
  return {
    id: row.id,
    name: row.name,
    description: row.description,
    // Validated when it was saved.
    criteria: row.criteria as Criteria,
    automationConfig: config && maskConfig(config, revealed),
    status: row.status,
    version: row.version,
    createdAt: row.createdAt.toISOString(),
    updatedAt: row.updatedAt.toISOString(),
  };
}
