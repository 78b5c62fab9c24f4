import * as z from 'zod';
import { isStorable } from '#events';
import type { Action, EdgeActions } from '../actions';
import {
  audienceAction,
  audienceActions,
  audienceId,
  edgeTrigger,
  NO_ACTIONS,
  refuseMixedSync,
} from './audience';
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
  /** Keeps the audience equal to the segment: what is left to transitions is the conversion event (`send`). */
  readonly syncs: boolean;
  readonly actions: EdgeActions<Action>;
};

const keyOf = (automation: MetaAutomation): string => `meta:${automation.customAudienceId}`;

/** People in a custom audience of Meta, and a conversion event for those who enter. */
export const meta: Kind<MetaConfig, MetaConfig, MetaAutomation> = {
  schema: () => schema,
  stored: schema,
  shown: (stored) => stored,
  normalise: ({ sync = false, conversionEvent = null, ...stored }) => ({
    kind: 'meta',
    id: stored.id,
    customAudienceId: stored.customAudienceId,
    conversionEvent,
    syncs: sync,
    // Who is in the audience is nobody's transition, but entering the segment is what the event tells of.
    actions: sync
      ? { ...NO_ACTIONS, entered: conversionEvent === null ? null : 'send' }
      : audienceActions(stored),
  }),
  target: (config) => config.customAudienceId,
  originOf: null,
  mapSecrets: withoutSecrets,
  withFingerprint: null,
  signing: null,
  endpointOf: keyOf,
  audienceOf: keyOf,
  audience: {
    entryAutomation: (customAudienceId, id) => ({
      kind: 'meta',
      id,
      customAudienceId,
      conversionEvent: null,
      syncs: true,
      actions: NO_ACTIONS,
    }),
    // Its rows hold our id of each.
    knowsByAddress: false,
  },
  rendersBody: false,
  finalMeansItWorks: true,
  needsCredentials: true,
};
