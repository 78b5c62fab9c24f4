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
  lastRecountFailed,
  raiseRevision,
} from '#database';
import type { FeatureRules } from '#events';
import type { AppDeps } from '../deps';
import type { Audit } from '../http/audit';
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
 * Makes the next version of the rules and asks for everybody to be counted by it. The same rules again change nothing,
 * but for a count that failed: that is taken up.
 */
async function changeRules(deps: AppDeps, change: Change, audit: Audit) {
  const evaluationId = uuidv7();
  const { features, isCounted } = await inTransaction(deps.db, async (tx) => {
    await raiseRevision(tx);
    const { rules } = await currentFeatureRules(tx);
    const next = applyChange(rules, change);
    const isSame = isDeepStrictEqual(next, rules);
    if (isSame && !(await lastRecountFailed(tx))) {
      audit.nothing();
      return { features: next, isCounted: false };
    }
    await audit.tell(tx, null);
    if (!isSame) await insertFeatureRules(tx, next);
    const run = { id: evaluationId, kind: 'settings', segmentId: null, automations: 'suppress' } as const;
    await insertEvaluation(tx, run);
    return { features: next, isCounted: true };
  });
  if (!isCounted) return { features };
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
      handle: async ({ body, audit }) => ({
        status: 200,
        body: await changeRules(deps, body.features, audit),
      }),
    }),
  ];
}
