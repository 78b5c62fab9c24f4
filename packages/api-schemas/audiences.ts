import { z } from 'zod';
import { AUDIENCE_KINDS } from '#automations';
import { closed } from './requests';

const NO_ID = 'must be 1 to 100 letters, digits, "_" or "-"';

/** `POST /api/growth/audiences/reconcile`. */
export const reconcileAudienceSchema = closed({
  destination: z.enum(AUDIENCE_KINDS, `must be one of ${AUDIENCE_KINDS.join(', ')}`),
  audienceId: z.string(NO_ID).regex(/^[A-Za-z0-9_-]{1,100}$/, NO_ID),
  full: z.boolean('must be true or false').optional(),
});

export const audienceSchema = z.object({
  destination: z.string(),
  audienceId: z.string(),
  segments: z.array(z.uuid()).describe('The segments that sync it, by their ids.'),
  wanted: z.int().describe('Entries that should be there: the addresses of the members of these segments.'),
  applied: z.int().describe('Entries that the engine has put there.'),
  pending: z.int().describe('Entries that are on their way, in or out.'),
  failed: z
    .int()
    .describe('Entries that were given up; they are tried again when the audience is reconciled.'),
  settledAt: z.iso.datetime().nullable().describe('Since when all is as it should be; null while it is not.'),
});

export const audiencesAnswerSchema = z.object({ audiences: z.array(audienceSchema) });
export const audienceAnswerSchema = z.object({ audience: audienceSchema });
