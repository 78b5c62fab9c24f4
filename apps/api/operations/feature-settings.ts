import { isDeepStrictEqual } from 'node:util';
import { v7 as uuidv7 } from 'uuid';
import type { z } from 'zod';
import {
  featureSettingsAnswerSchema,
  featureSettingsEditAnswerSchema,
  featureSettingsSchema,
} from '#api-schemas';
import {
  currentFeatureRules,
  inTransaction,
  insertEvaluation,
  insertFeatureRules,
  raiseRevision,
} from '#database';
import type { FeatureRules } from '#events';
import type { AppDeps } from '../deps';
import { defineRoute, type Route } from '../http/route';
import { wakeBackfill } from '../wake';

type Change = z.output<typeof featureSettingsSchema>['features'];

/** The rules as a change makes them: what it does not name stays. */
function applyChange(rules: FeatureRules, { activeDays, ...lists }: Change): FeatureRules {
  return {
    coreActions: lists.coreActions ?? rules.coreActions,
    pricingViews: lists.pricingViews ?? rules.pricingViews,
    emailOpens: lists.emailOpens ?? rules.emailOpens,
    emailClicks: lists.emailClicks ?? rules.emailClicks,
    activeDays: {
      exclude: activeDays?.exclude ?? rules.activeDays.exclude,
      excludePrefixes: activeDays?.excludePrefixes ?? rules.activeDays.excludePrefixes,
    },
  };
}

/**
 * Makes the next version of the rules and asks for everybody to be counted by it. The same rules again make no version,
 * but take up a count that failed.
 */
async function changeRules(deps: AppDeps, change: Change) {
  const evaluationId = uuidv7();
  const features = await inTransaction(deps.db, async (tx) => {
    await raiseRevision(tx);
    const { rules } = await currentFeatureRules(tx);
    const next = applyChange(rules, change);
    if (!isDeepStrictEqual(next, rules)) await insertFeatureRules(tx, next);
    const run = { id: evaluationId, kind: 'settings', segmentId: null, automations: 'suppress' } as const;
    await insertEvaluation(tx, run);
    return next;
  });
  await wakeBackfill(deps, evaluationId);
  return { features, evaluation: { id: evaluationId, status: 'queued' as const } };
}

/** What can be set for the whole installation. */
export function settingRoutes(deps: AppDeps): Route[] {
  const common = { path: '/api/growth/settings/features', access: 'admin', tag: 'Settings' } as const;
  return [
    defineRoute({
      ...common,
      method: 'get',
      summary: 'Tells which events the features count',
      answers: { 200: featureSettingsAnswerSchema },
      handle: async () => ({ status: 200, body: { features: (await currentFeatureRules(deps.db)).rules } }),
    }),
    defineRoute({
      ...common,
      method: 'put',
      summary: 'Changes which events the features count, and counts them again for everybody',
      body: featureSettingsSchema,
      answers: { 200: featureSettingsEditAnswerSchema },
      refusals: [413, 415],
      handle: async ({ body }) => ({ status: 200, body: await changeRules(deps, body.features) }),
    }),
  ];
}
