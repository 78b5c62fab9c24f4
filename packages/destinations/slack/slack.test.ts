import { randomBytes } from 'node:crypto';
import { HIDDEN_URL_USE, type SlackAutomation } from '#automations';
import { makeSecretBox } from '#secrets';
import { errorPage, type FakeSlack, type Handler, slackAnswer, startFakeSlack } from '../../testkit/fakes';
import { deliverOne } from '../deliver-one';
import type { DeliveryRequest } from '../destination';
import { makeSlackDestination, type SlackSettings } from './slack';

const NOW_MS = Date.UTC(2027, 0, 15, 8);
const GAP = { scope: 'endpoint', afterMs: 1_000, reason: 'Slack takes a message a second' };

let slack: FakeSlack;
beforeEach(async () => {
  slack = await startFakeSlack();
});
afterEach(() => slack.close());

function requestOf(
  automation: Partial<SlackAutomation> = {},
  body = '{"text":"ada entered Buyers"}',
): DeliveryRequest {
  return {
    deliveryId: 'd1',
    type: 'segment.entered',
    action: 'send',
    occurredAtMs: NOW_MS,
    automation: {
      kind: 'slack',
      id: 's1',
      webhookUrl: slack.hookOf('growth'),
      text: null,
      endpoint: 'slack:s1',
      actions: { entered: 'send', exited: 'send' },
      ...automation,
    },
    body,
    person: { id: 'p', userId: null, email: 'ada@x.io', phone: null },
    identifiers: [],
    attempt: 1,
  };
}

const deliver = (request: DeliveryRequest, settings: Partial<SlackSettings> = {}) =>
  deliverOne(
    makeSlackDestination({
      allowCidrs: ['127.0.0.0/8'],
      secretBox: makeSecretBox([]),
      now: () => NOW_MS,
      timeoutMs: 5_000,
      ...settings,
    }),
    request,
  );

test('a message is posted as it was rendered; the next to that URL waits a second', async () => {
  const result = await deliver(requestOf());
  expect(result).toMatchObject({
    outcome: { kind: 'delivered' },
    httpStatus: 200,
    error: null,
    responseBody: null,
    pause: GAP,
  });
  expect(slack.messagesIn('growth')).toEqual(['ada entered Buyers']);
  expect(slack.requests[0]).toMatchObject({ method: 'POST', text: '{"text":"ada entered Buyers"}' });
  expect(slack.requests[0]?.headers).toMatchObject({
    'content-type': 'application/json',
    'user-agent': 'Segment-Engine-Slack/1.0',
  });
});

describe('what an answer means', () => {
  test.each([
    [403, 'action_prohibited'],
    [410, 'channel_is_archived'],
    [404, 'channel_not_found'],
    [403, 'invalid_token'],
    [404, 'no_active_hooks'],
    [404, 'no_service'],
    [400, 'no_service_id'],
    [404, 'no_team'],
    [403, 'posting_to_general_channel_denied'],
    [403, 'team_disabled'],
    [400, 'user_not_found'],
  ])('%d %s: nothing can be posted there until somebody acts', async (status, text) => {
    slack.refuse('growth', { status, text });
    const { outcome, httpStatus } = await deliver(requestOf());
    expect(outcome).toEqual({ kind: 'halt', scope: 'endpoint', error: `HTTP ${status} ${text}` });
    expect(httpStatus).toBe(status);
  });

  test.each([
    [400, 'invalid_blocks'],
    [400, 'invalid_payload'],
    [400, 'missing_text_or_fallback_or_attachments'],
    [400, 'no_text'],
    [400, 'too_many_attachments'],
  ])('%d %s: this message is at fault', async (status, text) => {
    slack.refuse('growth', { status, text });
    expect((await deliver(requestOf())).outcome).toEqual({ kind: 'final', error: `HTTP ${status} ${text}` });
  });

  test.each<[number, string]>([
    [400, 'final'],
    [401, 'halt'],
    [403, 'halt'],
    [404, 'halt'],
    [405, 'final'],
    [410, 'halt'],
    [413, 'final'],
    [302, 'retry'],
    [408, 'retry'],
    [425, 'retry'],
    [500, 'retry'],
    [503, 'retry'],
  ])('%d with unknown words goes by its status, and the words are not told', async (status, kind) => {
    slack.refuse('growth', { status, text: 'go away, ada@x.io' });
    const { outcome, error } = await deliver(requestOf());
    expect(outcome.kind).toBe(kind);
    expect(error).toBe(`HTTP ${status}`);
  });

  test('an error text with a line break after it is the same text', async () => {
    slack.interject(slackAnswer(404, 'no_service\n'));
    expect((await deliver(requestOf())).outcome).toMatchObject({
      kind: 'halt',
      error: 'HTTP 404 no_service',
    });
  });

  test.each<[string | null, number]>([
    ['30', 30_000],
    ['0', 1_000],
    ['1000000000', 24 * 3_600_000],
    ['Fri, 15 Jan 2027 08:01:00 GMT', 60_000],
    ['soon', 30_000],
    [null, 30_000],
  ])('429 with Retry-After: %s holds up that URL', async (form, afterMs) => {
    slack.interject(slackAnswer(429, 'rate_limited', form === null ? {} : { 'retry-after': form }));
    expect((await deliver(requestOf())).outcome).toEqual({
      kind: 'retry',
      error: 'HTTP 429',
      scope: 'endpoint',
      afterMs,
    });
  });

  test('an outage is waited for as long as it asks', async () => {
    slack.interject(errorPage(503, { 'retry-after': '120' }));
    const { outcome } = await deliver(requestOf());
    expect(outcome).toEqual({ kind: 'retry', error: 'HTTP 503', afterMs: 120_000 });
  });
});

describe('the URL is the credential', () => {
  const secretBox = makeSecretBox([randomBytes(32)]);
  const sealed = (id = 's1') => ({
    webhookUrl: secretBox.seal(slack.hookOf('growth'), { automationId: id, use: HIDDEN_URL_USE }),
  });

  test('it is opened for the call', async () => {
    expect((await deliver(requestOf(sealed()), { secretBox })).outcome).toEqual({ kind: 'delivered' });
    expect(slack.messagesIn('growth')).toHaveLength(1);
  });

  test('with another key, or from another automation, nothing is sent, its deliveries wait, and that is told once', async () => {
    const told: string[] = [];
    const onUnreadable = (id: string) => told.push(id);
    const request = requestOf(sealed());
    const destination = makeSlackDestination({
      allowCidrs: ['127.0.0.0/8'],
      secretBox: makeSecretBox([randomBytes(32)]),
      onUnreadable,
      now: () => NOW_MS,
    });
    for (let count = 0; count < 2; count += 1) {
      expect(await deliverOne(destination, request)).toMatchObject({
        outcome: { kind: 'halt', scope: 'endpoint', error: expect.stringContaining('SECRETS_KEY') },
        httpStatus: null,
      });
    }
    expect(told).toEqual(['s1']);
    expect((await deliver(requestOf(sealed('s2')), { secretBox })).outcome.kind).toBe('halt');
    expect(slack.requests).toEqual([]);
  });

  test('it stands in no result, whatever is answered', async () => {
    const url = slack.hookOf('growth');
    const answers: Handler[] = [
      slackAnswer(404, url),
      slackAnswer(302, url, { location: `${url}?a=b` }),
      slackAnswer(500, `{"error":"${url}"}`),
      slackAnswer(200, url),
    ];
    for (const answer of answers) {
      slack.interject(answer);
      expect(JSON.stringify(await deliver(requestOf()))).not.toContain('/services/');
    }
    await slack.close();
    expect(JSON.stringify(await deliver(requestOf({ webhookUrl: url })))).not.toContain('/services/');
  });

  test('an address that is not allowed is final', async () => {
    const result = await deliver(requestOf(), { allowCidrs: [] });
    expect(result).toMatchObject({ outcome: { kind: 'final', error: 'EGRESS_BLOCKED' }, httpStatus: null });
    expect(slack.requests).toEqual([]);
  });
});
