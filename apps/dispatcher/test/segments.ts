import { randomUUID } from 'node:crypto';
import { v7 as uuidv7 } from 'uuid';
import { type AutomationConfig, automationConfigSchema, type DestinationKind } from '#automations';
import type { Database } from '#database';

export const SECRET = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';

/** What triggers make of an audience: who enters is added, who leaves is taken out. */
export function inAndOut(
  audience: { readonly audienceId: string } | { readonly customAudienceId: string },
): object[] {
  return [
    { ...audience, trigger: 'on_enter', action: 'add' },
    { ...audience, trigger: 'on_exit', action: 'remove' },
  ];
}

/** A segment with its automations, and how their deliveries are addressed. */
export type TestSegment = { readonly id: string; readonly config: AutomationConfig };

export async function createSegment(
  db: Database,
  kind: DestinationKind,
  automation: object | readonly object[],
): Promise<TestSegment> {
  const secret = kind === 'webhook' ? { secret: SECRET } : {};
  const part = [automation].flat().map((one) => ({ id: randomUUID(), ...secret, ...one }));
  const config = automationConfigSchema.parse({ [kind]: part });
  const id = uuidv7();
  await db.segment.create({ data: { id, name: 'Power users', criteria: {}, automationConfig: config } });
  return { id, config };
}
