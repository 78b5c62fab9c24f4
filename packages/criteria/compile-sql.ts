import type { Criteria } from './criteria';
import { countRange } from './window';
import { windowMs } from './within';

/** Where a compiled criteria stands in a statement. */
export type SqlPlace = {
  readonly person: string;
  readonly now: string;
  readonly firstParameter: number;
};
export type CompiledSql = {
  readonly holds: string;
  readonly changesAt: string;
  readonly parameters: readonly (string | number | boolean | null)[];
};

const COLUMN: Record<string, string> = {
  activeDays: 'active_days',
  coreActions: 'core_actions',
  pricingViews: 'pricing_views',
  emailOpens: 'email_opens',
  emailClicks: 'email_clicks',
};

/** A stand-in until the real one is there: features, events, traits.eq, subscription.status, person. */
export function compileSql(criteria: Criteria, { person, now, firstParameter }: SqlPlace): CompiledSql {
  const parameters: (string | number | boolean | null)[] = [];
  const changes: string[] = [];
  const put = (value: string | number | boolean): string => {
    parameters.push(value);
    return `$${firstParameter + parameters.length - 1}`;
  };
  const compare = (actual: string, range: { min?: number | undefined; max?: number | undefined; eq?: number | undefined }): string[] => {
    const out: string[] = [];
    if (range.min !== undefined) out.push(`${actual} >= ${put(range.min)}::bigint`);
    if (range.max !== undefined) out.push(`${actual} <= ${put(range.max)}::bigint`);
    if (range.eq !== undefined) out.push(`${actual} = ${put(range.eq)}::bigint`);
    return out;
  };
  const walk = (node: Criteria): string => {
    const parts: string[] = [];
    for (const [name, range] of Object.entries(node.features ?? {})) {
      if (range !== undefined) parts.push(...compare(`${person}.${COLUMN[name] ?? ''}`, range));
    }
    for (const condition of node.events ?? []) {
      const name = put(condition.eventName);
      const window =
        condition.within === undefined ? '' : ` AND e.occurred_at > ${now} - ${put(windowMs(condition.within))}::float8 * interval '1 millisecond'`;
      const from = `FROM event e WHERE e.person_id = ${person}.id AND e.name = ${name}::text${window}`;
      parts.push(...compare(`(SELECT count(*) ${from})`, countRange(condition)));
      if (condition.within !== undefined) {
        changes.push(`(SELECT min(e.occurred_at) + ${put(windowMs(condition.within))}::float8 * interval '1 millisecond' ${from})`);
      }
    }
    for (const [name, trait] of Object.entries(node.traits ?? {})) {
      parts.push(
        `EXISTS (SELECT FROM person_trait t WHERE t.person_id = ${person}.id AND t.name = ${put(name)}::text AND t.value = ${put(JSON.stringify(trait.eq ?? null))}::jsonb)`,
      );
    }
    if (node.subscription?.status !== undefined) {
      const list = node.subscription.status.map((status) => `${put(status)}::text`).join(', ');
      parts.push(`EXISTS (SELECT FROM subscription s WHERE s.person_id = ${person}.id AND s.status IN (${list}))`);
    }
    if (node.person?.hasEmail !== undefined) parts.push(`(${person}.email IS NOT NULL) = ${put(node.person.hasEmail)}::bool`);
    if (node.person?.hasPhone !== undefined) parts.push(`(${person}.phone IS NOT NULL) = ${put(node.person.hasPhone)}::bool`);
    for (const inner of node.all ?? []) parts.push(walk(inner));
    if (node.any !== undefined) parts.push(`(${node.any.map(walk).join(' OR ')})`);
    if (node.not !== undefined) parts.push(`NOT ${walk(node.not)}`);
    return `(${parts.join(' AND ')})`;
  };
  const holds = walk(criteria);
  return { holds, changesAt: changes.length === 0 ? 'NULL::timestamptz' : `least(${changes.join(', ')})`, parameters };
}
