import * as z from 'zod';
import { isStorable } from '#events';
import { announcing, type EdgeActions } from '../actions';
import { hiddenUrlFault } from '../addresses';
import { MASK } from '../mask';
import { templateFault, TEXT_FIELDS } from '../text-template';
import { automationId, type Kind } from './kind';
import { announcementTrigger, urlSchema } from './webhook';

/** Slack's limit of a message (docs.slack.dev: chat.postMessage). */
export const SLACK_TEXT_CHARS_MAX = 40_000;

const text = z
  .string()
  .max(SLACK_TEXT_CHARS_MAX)
  .superRefine((value, ctx) => {
    const message = !isStorable(value)
      ? 'must not contain U+0000 or unpaired surrogates'
      : value.trim() === ''
        ? 'must not be blank'
        : templateFault(value);
    if (message !== null) ctx.addIssue({ code: 'custom', message });
  })
  .describe(
    `May hold ${TEXT_FIELDS.map((field) => `{{${field}}}`).join(', ')}. Absent: who did what, in a sentence.`,
  );

const schema = (allowed: Parameters<typeof hiddenUrlFault>[1]) =>
  z.strictObject({
    id: automationId.optional(),
    webhookUrl: urlSchema((url) => (url === MASK ? null : hiddenUrlFault(url, allowed))),
    text: text.optional(),
    trigger: announcementTrigger.optional(),
  });

const stored = schema(null).extend({
  webhookUrl: z.string(),
  /** As it was accepted: the known fields may be others by now. */
  text: z.string().optional(),
  /** A digest of the URL: it tells apart what is sent to one place, without opening the URL. */
  fingerprint: z.string().optional(),
});

type SlackConfig = z.output<ReturnType<typeof schema>>;
type StoredSlackConfig = z.output<typeof stored>;

export type SlackAutomation = {
  readonly kind: 'slack';
  readonly id: string;
  /** As it is stored: sealed, or in clear. */
  readonly webhookUrl: string;
  /** Null: the default. */
  readonly text: string | null;
  readonly endpoint: string;
  readonly actions: EdgeActions<'send'>;
};

/** The use of a URL that is a secret: everybody who knows it can post there. */
export const HIDDEN_URL_USE = 'webhookUrl';

/** A message in a channel of Slack, by an incoming webhook. */
export const slack: Kind<SlackConfig, StoredSlackConfig, SlackAutomation> = {
  schema,
  stored,
  shown: ({ fingerprint: _hidden, ...shown }) => shown,
  normalise: (config) => ({
    kind: 'slack',
    id: config.id,
    webhookUrl: config.webhookUrl,
    text: config.text ?? null,
    endpoint: `slack:${config.fingerprint ?? config.id}`,
    actions: announcing(config.trigger),
  }),
  target: (config) => config.webhookUrl,
  originOf: null,
  mapSecrets: (config, change) => ({
    ...config,
    webhookUrl: change(config.webhookUrl, { use: HIDDEN_URL_USE, path: ['webhookUrl'] }),
  }),
  withFingerprint: (config, fingerprint) => ({ ...config, fingerprint }),
  signing: null,
  endpointOf: (automation) => automation.endpoint,
  audienceOf: () => null,
  audience: null,
  rendersBody: true,
  finalMeansItWorks: true,
  needsCredentials: false,
};
