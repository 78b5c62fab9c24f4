import { DESTINATION_KINDS, type DestinationKind } from '#automations';
import { makeSecretBox } from '#secrets';
import { graphError, reply, resendError, slackAnswer } from '../testkit/fakes';
import { makeMetaDestination } from './meta/meta';
import { makeResendDestination } from './resend/resend';
import { makeSlackDestination } from './slack/slack';
import { describeDestination } from './test/conformance';
import type { Conforming } from './test/conforming';
import { makeWebhookDestination } from './webhook/webhook';

const SECRET = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';

const DESTINATIONS: Readonly<Record<DestinationKind, Omit<Conforming, 'kind'>>> = {
  resend: {
    config: { resend: { audienceId: 'aud_1', trigger: 'on_enter' } },
    make: ({ origin, ...rest }) =>
      makeResendDestination({ settings: { apiKey: 're_secret', baseUrl: origin }, ...rest }),
    makeUnconfigured: () => makeResendDestination({ settings: undefined, now: Date.now }),
    secret: 're_secret',
    secretIn: 'header',
    body: null,
    success: reply(200, { body: { object: 'contact_segment' } }),
    refusal: (status, message) => resendError(status, 'some_error', message),
    believes: 'body',
    tells: 'the e-mail address',
  },
  meta: {
    config: { meta: { customAudienceId: '2385', action: 'add', conversionEvent: 'Lead' } },
    make: ({ origin, ...rest }) => {
      const settings = { accessToken: 'EAAsecret', pixelId: '777', baseUrl: origin, apiVersion: 'v26.0' };
      return makeMetaDestination({ settings, ...rest });
    },
    makeUnconfigured: () => makeMetaDestination({ settings: undefined, now: Date.now }),
    secret: 'EAAsecret',
    secretIn: 'header',
    body: null,
    success: reply(200, { body: { num_received: 1, num_invalid_entries: 0, events_received: 1 } }),
    refusal: (status, message) => graphError(100, { status, message }),
    believes: 'body',
    tells: 'hashes',
  },
  webhook: {
    config: { webhook: { url: 'https://origin.example/hook', secret: SECRET } },
    make: (rest) =>
      makeWebhookDestination({ allowCidrs: ['127.0.0.0/8'], secretBox: makeSecretBox([]), ...rest }),
    makeUnconfigured: null,
    secret: SECRET,
    secretIn: 'header',
    body: '{"type":"segment.entered"}',
    success: reply(200),
    refusal: (status, message) => reply(status, { body: message }),
    believes: 'headers',
    tells: 'everything',
  },
  slack: {
    config: { slack: { webhookUrl: 'https://origin.example/services/T0000/B0000/hidden' } },
    make: (rest) =>
      makeSlackDestination({ allowCidrs: ['127.0.0.0/8'], secretBox: makeSecretBox([]), ...rest }),
    makeUnconfigured: null,
    secret: '/services/T0000/B0000/hidden',
    secretIn: 'url',
    body: '{"text":"somebody entered"}',
    success: slackAnswer(200, 'ok'),
    refusal: (status, message) => slackAnswer(status, message),
    believes: 'headers',
    tells: 'everything',
  },
};

for (const kind of DESTINATION_KINDS) {
  describeDestination({ kind, ...DESTINATIONS[kind] });
}
