import type { z } from 'zod';
import type { AutomationConfig } from '#automations';
import { automationConfigSchema, maskConfig } from '#automations';
import type { segmentSchema } from '#client';
import type { Criteria } from '#criteria';
import type { SegmentRow } from '#database';

/** The automations of a stored segment. */
export function storedConfig(row: Pick<SegmentRow, 'automationConfig'>): AutomationConfig | null {
  return row.automationConfig === null ? null : automationConfigSchema.parse(row.automationConfig);
}

/**
 * A segment as the API shows it: secrets and header values masked.
 * @param revealSecretsOf webhooks whose secret was made by this very request: it is shown now and never again
 */
export function segmentView(
  row: SegmentRow,
  revealSecretsOf?: ReadonlySet<string>,
): z.input<typeof segmentSchema> {
  const config = storedConfig(row);
  return {
    id: row.id,
    name: row.name,
    description: row.description,
    // Validated when it was saved.
    criteria: row.criteria as Criteria,
    automationConfig: config && maskConfig(config, revealSecretsOf === undefined ? {} : { revealSecretsOf }),
    status: row.status,
    version: row.version,
    createdAt: row.createdAt.toISOString(),
    updatedAt: row.updatedAt.toISOString(),
  };
}
