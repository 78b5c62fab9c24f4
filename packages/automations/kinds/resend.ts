import * as z from 'zod';
import type { AudienceAction, EdgeActions } from '../actions';
import { audienceAction, audienceActions, audienceId, edgeTrigger, refuseMixedSync } from './audience';
import { automationId, type Kind, withoutSecrets } from './kind';

const schema = z
  .strictObject({
    id: automationId.optional(),
    audienceId,
    trigger: edgeTrigger.optional(),
    action: audienceAction.optional(),
    sync: z.literal(true).optional(),
  })
  .superRefine(refuseMixedSync);

export type ResendConfig = z.output<typeof schema>;

export type ResendAutomation = {
  readonly kind: 'resend';
  readonly id: string;
  readonly audienceId: string;
  readonly actions: EdgeActions<AudienceAction>;
};

const keyOf = (automation: ResendAutomation): string => `resend:${automation.audienceId}`;

/** Contacts in an audience of Resend. */
export const resend: Kind<ResendConfig, ResendConfig, ResendAutomation> = {
  schema: () => schema,
  stored: schema,
  shown: (stored) => stored,
  normalise: (stored) => ({
    kind: 'resend',
    id: stored.id,
    audienceId: stored.audienceId,
    actions: audienceActions(stored),
  }),
  target: (config) => config.audienceId,
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
