import * as z from 'zod';
import type { AudienceAction, EdgeActions } from '../actions';
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
  /** Keeps the audience equal to the segment. */
  readonly syncs: boolean;
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
    syncs: stored.sync === true,
    actions: audienceActions(stored),
  }),
  target: (config) => config.audienceId,
  originOf: null,
  mapSecrets: withoutSecrets,
  withFingerprint: null,
  signing: null,
  endpointOf: keyOf,
  audienceOf: keyOf,
  audience: {
    entryAutomation: (id, automation) => ({
      kind: 'resend',
      id: automation,
      audienceId: id,
      syncs: true,
      actions: NO_ACTIONS,
    }),
    knowsByAddress: true,
  },
  rendersBody: false,
  finalMeansItWorks: true,
  needsCredentials: true,
};
