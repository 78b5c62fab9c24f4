import * as z from 'zod';
import { isStorable } from '#events';
import type { AudienceAction, EdgeActions } from '../actions';
import { audienceAction, audienceActions, audienceId, edgeTrigger, refuseMixedSync } from './audience';
import { automationId, type Kind, withoutSecrets } from './kind';

const schema = z
  .strictObject({
    id: automationId.optional(),
    customAudienceId: audienceId,
    action: audienceAction.optional(),
    trigger: edgeTrigger.optional(),
    sync: z.literal(true).optional(),
    conversionEvent: z
      .string()
      .min(1)
      .max(100)
      .refine(isStorable, 'must not contain U+0000 or unpaired surrogates')
      .optional(),
  })
  .superRefine(refuseMixedSync)
  .superRefine((config, ctx) => {
    if (config.sync === true || config.action !== undefined) return;
    ctx.addIssue({ code: 'custom', path: ['action'], message: 'is required: "add" or "remove"' });
  });

export type MetaConfig = z.output<typeof schema>;

export type MetaAutomation = {
  readonly kind: 'meta';
  readonly id: string;
  readonly customAudienceId: string;
  readonly conversionEvent: string | null;
  readonly actions: EdgeActions<AudienceAction>;
};

const keyOf = (automation: MetaAutomation): string => `meta:${automation.customAudienceId}`;

/** People in a custom audience of Meta, and a conversion event for those who enter. */
export const meta: Kind<MetaConfig, MetaConfig, MetaAutomation> = {
  schema: () => schema,
  stored: schema,
  shown: (stored) => stored,
  normalise: (stored) => ({
    kind: 'meta',
    id: stored.id,
    customAudienceId: stored.customAudienceId,
    conversionEvent: stored.conversionEvent ?? null,
    actions: audienceActions(stored),
  }),
  target: (config) => config.customAudienceId,
  originOf: null,
  mapSecrets: withoutSecrets,
  withFingerprint: null,
  signing: null,
  endpointOf: keyOf,
  audienceOf: keyOf,
  rendersBody: false,
  finalMeansItWorks: true,
  needsCredentials: true,
};
