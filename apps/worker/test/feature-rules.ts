import { randomInt } from 'node:crypto';
import { v7 as uuidv7 } from 'uuid';
import {
  currentFeatureRules,
  type Database,
  insertEvaluation,
  insertFeatureRules,
  inTransaction,
  raiseRevision,
} from '#database';
import { type FeatureRules, makeFeatureEffect } from '#events';
import type { Producer } from '#queues';

const DAY_MS = 86_400_000;

/** Changes the rules as the API does. @returns the run's id */
export async function changeRules(db: Database, producer: Producer, rules: FeatureRules): Promise<string> {
  const evaluationId = uuidv7();
  await inTransaction(db, async (tx) => {
    await raiseRevision(tx);
    await insertFeatureRules(tx, rules);
    const run = { id: evaluationId, kind: 'settings', segmentId: null, automations: 'suppress' } as const;
    await insertEvaluation(tx, run);
  });
  await producer.add('backfill', { evaluationId }, evaluationId);
  return evaluationId;
}

/** Rows in groups of one person. */
export const byPerson = <T extends { personId: string }>(rows: readonly T[]): Map<string, T[]> => {
  const groups = new Map<string, T[]>();
  for (const row of rows) groups.set(row.personId, [...(groups.get(row.personId) ?? []), row]);
  return groups;
};

/** What the features of everybody are by the newest rules, counted one stored event after the other. */
export async function bruteForce(db: Database) {
  const effectOf = makeFeatureEffect((await currentFeatureRules(db)).rules);
  return new Map(
    [...byPerson(await db.event.findMany())].map(([personId, events]) => {
      const counts = { coreActions: 0, pricingViews: 0, emailOpens: 0, emailClicks: 0 };
      const days = new Set<number>();
      for (const { name, occurredAt } of events) {
        const { counted, active } = effectOf(name);
        for (const feature of counted) counts[feature] += 1;
        if (active) days.add(Math.floor(occurredAt.getTime() / DAY_MS));
      }
      return [personId, { ...counts, activeDays: days.size, days: [...days].sort((a, b) => a - b) }];
    }),
  );
}

/** The features as they are kept. */
export async function kept(db: Database) {
  const days = byPerson(await db.personDay.findMany({ orderBy: { day: 'asc' } }));
  return new Map(
    (await db.person.findMany()).map((person) => {
      const { coreActions, pricingViews, emailOpens, emailClicks, activeDays } = person;
      const mine = (days.get(person.id) ?? []).map(({ day }) => day.getTime() / DAY_MS);
      return [person.id, { coreActions, pricingViews, emailOpens, emailClicks, activeDays, days: mine }];
    }),
  );
}

/** Names of events, some of which count. */
export const NAMES = [
  'core_action',
  'order_placed',
  'pricing_viewed',
  'email_opened',
  'email_replied',
  'heartbeat',
];
const pick = <T>(list: readonly T[]): T[] => list.filter(() => randomInt(2) === 0);

export function randomRules(): FeatureRules {
  return {
    coreActions: pick(NAMES),
    pricingViews: pick(NAMES),
    emailOpens: pick(NAMES),
    emailClicks: pick(NAMES),
    activeDays: { exclude: pick(NAMES), excludePrefixes: pick(['email_', 'he', 'core_action', '%', '_']) },
  };
}
