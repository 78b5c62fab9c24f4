import { randomBytes } from 'node:crypto';
import type { WebhookAutomation } from '#automations';
import { generateSigningSecret, headerPlace, makeSecretBox, secretPlace } from '#secrets';
import { reply } from '../../testkit/fakes';
import { deliverOne } from '../deliver-one';
import { deliver, DELIVERY_ID, isSignedWith, requestTo, SECRET, useReceiver } from './test/request';
import { makeWebhookDestination } from './webhook';

const receiver = useReceiver();

describe('sealed credentials', () => {
  const secretBox = makeSecretBox([randomBytes(32)]);
  const sealed = (): Partial<WebhookAutomation> => ({
    secret: secretBox.seal(SECRET, secretPlace('w1')),
    headers: { Authorization: secretBox.seal('Bearer of things', headerPlace('w1', 'authorization')) },
  });

  test('sign and go out in clear', async () => {
    await deliver(requestTo(receiver(), sealed()), { secretBox });
    const [received] = receiver().requests;
    expect(received?.headers).toMatchObject({ authorization: 'Bearer of things' });
    expect(isSignedWith(SECRET, received)).toBe(true);
  });

  test('with another key nothing is sent; the deliveries of that receiver wait, and it is told once', async () => {
    const told: string[] = [];
    const options = {
      secretBox: makeSecretBox([randomBytes(32)]),
      onUnreadable: (id: string) => told.push(id),
    };
    const destination = makeWebhookDestination({ allowCidrs: ['127.0.0.0/8'], now: Date.now, ...options });
    const waiting = requestTo(receiver(), sealed());
    for (let count = 0; count < 2; count += 1) {
      expect(await deliverOne(destination, waiting)).toMatchObject({
        outcome: { kind: 'halt', scope: 'endpoint', error: expect.stringContaining('SECRETS_KEY') },
        httpStatus: null,
      });
    }
    expect(receiver().requests).toHaveLength(0);
    expect(told).toEqual(['w1']);
  });

  test('one value that belongs elsewhere is enough to send nothing', async () => {
    const { secret = '' } = sealed();
    expect(await deliver(requestTo(receiver(), { id: 'w2', secret }), { secretBox })).toMatchObject({
      outcome: { kind: 'halt' },
    });
    const moved = { ...sealed(), headers: { 'X-Key': secret } };
    expect(await deliver(requestTo(receiver(), moved), { secretBox })).toMatchObject({
      outcome: { kind: 'halt' },
    });
    expect(receiver().requests).toHaveLength(0);
  });

  test('an answer that quotes the headers is kept without their values', async () => {
    receiver().respondWith(({ headers }, response) => void response.end(JSON.stringify(headers)));
    const { responseBody } = await deliver(requestTo(receiver(), sealed()), { secretBox });
    expect(JSON.parse(responseBody ?? '')).toMatchObject({ authorization: '***', 'webhook-id': DELIVERY_ID });
  });
});

describe('an answer that quotes header values', () => {
  const quoted = async (headers: Record<string, string>, answer: string) => {
    receiver().respondWith(reply(500, { body: answer }));
    return (await deliver(requestTo(receiver(), { headers }))).responseBody;
  };

  test.each([
    ['of seven characters', 'S3CRET!', '{"x-key":"S3CRET!"}', '{"x-key":"***"}'],
    ['of three', 'abc', 'key abc is wrong, (abc)', 'key *** is wrong, (***)'],
    ['of three, but not within words', 'abc', 'abcdef xabc', 'abcdef xabc'],
    ['with quotes, as JSON', 'a"b\\c"d', '{"x-key":"a\\"b\\\\c\\"d"}', '{"x-key":"***"}'],
    ['in a URL', 'a b/c+d?e', '/login?key=a%20b%2Fc%2Bd%3Fe', '/login?key=***'],
    ['without their scheme', 'Bearer t0ken-of-ours', 'unknown token t0ken-of-ours', 'unknown token ***'],
    ['none', '', 'nothing', 'nothing'],
  ])('keeps none: values %s', async (_name, value, answer, shown) => {
    expect(await quoted({ 'X-Key': value }, answer)).toBe(shown);
  });

  test('nor their beginning, where the answer is cut', async () => {
    const value = 'S3CRET-S3CRET-S3CRET';
    for (let kept = 4; kept <= value.length; kept += 1) {
      const answer = `${'-'.repeat(16 * 1_024 - kept)}${value}`;
      expect(await quoted({ 'X-Key': value }, answer)).not.toContain('S3CR');
    }
  });

  test('nor does the place that a redirect leads to', async () => {
    receiver().respondWith(reply(302, { headers: { location: '/of/t0ken-of-ours' } }));
    const { error } = await deliver(requestTo(receiver(), { headers: { 'X-Key': 't0ken-of-ours' } }));
    expect(error).toContain('/of/*** not followed');
  });
});

test('two secrets while one is being replaced, the new one first; the old one stops at its instant', async () => {
  const untilMs = Date.now() + 60_000;
  const newSecret = generateSigningSecret();
  const automation = { secret: newSecret, previousSecrets: [{ secret: SECRET, untilMs }] };
  await deliver(requestTo(receiver(), automation));
  await deliver(requestTo(receiver(), automation), { now: () => untilMs - 1 });
  await deliver(requestTo(receiver(), automation), { now: () => untilMs });
  const [both, last, over] = receiver().requests;
  const signatures = (one = both) => String(one?.headers['webhook-signature']).split(' ');
  expect([both, last, over].map((one) => signatures(one).length)).toEqual([2, 2, 1]);
  expect([isSignedWith(newSecret, both), isSignedWith(SECRET, both)]).toEqual([true, true]);
  const first = { ...both, headers: { ...both?.headers, 'webhook-signature': signatures()[0] } };
  expect([isSignedWith(newSecret, first), isSignedWith(SECRET, first)]).toEqual([true, false]);
  expect([isSignedWith(newSecret, over), isSignedWith(SECRET, over)]).toEqual([true, false]);
});
