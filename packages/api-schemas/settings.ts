import { z } from 'zod';
import { featureNamesSchema } from '#events';
import { closed } from './requests';
import { evaluationRefSchema } from './responses';

// Which events the features count.

/** `PUT /api/growth/settings/features`: what is named is replaced, the rest stays. */
export const featureSettingsSchema = closed({
  features: closed({
    activeDays: closed({
      exclude: featureNamesSchema.optional(),
      excludePrefixes: featureNamesSchema.optional(),
    }).optional(),
    coreActions: featureNamesSchema.optional(),
    pricingViews: featureNamesSchema.optional(),
    emailOpens: featureNamesSchema.optional(),
    emailClicks: featureNamesSchema.optional(),
  }),
});

const names = z.array(z.string());

export const featureSettingsAnswerSchema = z.object({
  features: z.object({
    activeDays: z
      .object({ exclude: names, excludePrefixes: names })
      .describe('Every event makes its UTC day an active one, but for these names and beginnings of names.'),
    coreActions: names,
    pricingViews: names,
    emailOpens: names,
    emailClicks: names,
  }),
});

export const featureSettingsEditAnswerSchema = featureSettingsAnswerSchema.extend({
  evaluation: evaluationRefSchema
    .optional()
    .describe(
      'Counts the features of everybody again in the background, and decides on them without automations. Not there where nothing is changed.',
    ),
});
