import * as z from 'zod';
import { type Cidr, parseCidrs } from './addresses';
import { DESTINATION_KINDS, type DestinationKind, KINDS, type PostedForms, type StoredForms } from './kinds';
import type { WithId } from './kinds/kind';
import { asList, mapPart, type OneOrMany, oneOrMany, partPath } from './one-or-many';

type ConfigOf<Forms extends Record<DestinationKind, unknown>> = {
  [K in DestinationKind]?: OneOrMany<Forms[K]> | undefined;
};

/** What a segment sets off, as clients send it. */
export type AutomationConfig = ConfigOf<PostedForms>;
/** The same as it lies in the database: with its secrets sealed, or in clear. */
export type StoredAutomationConfig = ConfigOf<StoredForms>;

/** A closed object with an optional part for each kind: one automation, or a list. */
function configSchema<Forms extends Record<DestinationKind, WithId>>(
  schemaOf: <K extends DestinationKind>(kind: K) => z.ZodType<Forms[K], Forms[K]>,
) {
  const parts = DESTINATION_KINDS.map((kind) => [kind, oneOrMany(schemaOf(kind)).optional()]);
  // The compiler loses sight of keys that are made in a loop.
  return z.strictObject(Object.fromEntries(parts)) as unknown as z.ZodType<ConfigOf<Forms>, ConfigOf<Forms>>;
}

const postedWith = (allowed: readonly Cidr[] | null) =>
  configSchema<PostedForms>((kind) => KINDS[kind].schema(allowed)).superRefine(refuseRepeatedIds);

/** The shape of `automationConfig` without the deployment's address policy: for clients and docs. */
export const automationConfigSchema = postedWith(null);

/** The shape of `automationConfig` in the database: with secrets and header values sealed, or in clear. */
export const storedConfigSchema = configSchema<StoredForms>((kind) => KINDS[kind].stored);

/**
 * The schema of what users post: `automationConfigSchema`, and no URL that shows an address outside the public
 * internet, except within `allowCidrs`.
 * @throws TypeError when an entry of `allowCidrs` is no CIDR.
 */
export function makeAutomationConfigSchema({ allowCidrs }: { readonly allowCidrs: readonly string[] }) {
  return postedWith(parseCidrs(allowCidrs));
}

/**
 * Changes every automation of a config and keeps its form.
 * @param changeOf is called once for each kind that there is; `index` counts within the part
 */
export function mapAutomations<To extends Record<DestinationKind, WithId> = StoredForms>(
  config: StoredAutomationConfig,
  changeOf: <K extends DestinationKind>(kind: K) => (one: StoredForms[K], index: number) => To[K],
): ConfigOf<To> {
  const changed: ConfigOf<To> = {};
  const changeKind = <K extends DestinationKind>(kind: K): void => {
    const part: OneOrMany<StoredForms[K]> | undefined = config[kind];
    if (part !== undefined) changed[kind] = mapPart(part, changeOf(kind));
  };
  DESTINATION_KINDS.forEach(changeKind);
  return changed;
}

function refuseRepeatedIds(config: StoredAutomationConfig, ctx: z.RefinementCtx): void {
  const seen = new Set<string>();
  for (const kind of DESTINATION_KINDS) {
    const part: OneOrMany<WithId> | undefined = config[kind];
    asList(part).forEach(({ id }, index) => {
      if (id === undefined) return;
      if (seen.has(id)) {
        const path = [...partPath(kind, part, index), 'id'];
        ctx.addIssue({ code: 'custom', path, message: 'is the id of another automation of this segment' });
      }
      seen.add(id);
    });
  }
}
