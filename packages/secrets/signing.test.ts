import { Webhook } from 'standardwebhooks';
import { isSigningSecret } from '#automations';
import { generateSigningSecret, signatureHeader } from './signing';

const SECRET = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';

describe('signatureHeader', () => {
  test('gives the signature of the Standard Webhooks specification', () => {
    const signature = signatureHeader({
      id: 'msg_p5jXN8AQM9LWM0D4loKWxJek',
      timestampS: 1_614_265_330,
      body: '{"test": 2432232314}',
      secrets: [SECRET],
    });
    expect(signature).toBe('v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=');
  });

  test('signs with every secret of a rotation, and each of them verifies', () => {
    const secrets = [generateSigningSecret(), generateSigningSecret()];
    const timestampS = Math.floor(Date.now() / 1_000);
    const body = '{"name":"Ünïcödé ✓"}';
    const headers = {
      'webhook-id': 'd1',
      'webhook-timestamp': String(timestampS),
      'webhook-signature': signatureHeader({ id: 'd1', timestampS, body, secrets }),
    };
    for (const secret of secrets) expect(new Webhook(secret).verify(body, headers)).toEqual(JSON.parse(body));
    expect(() => new Webhook(generateSigningSecret()).verify(body, headers)).toThrow('No matching signature');
  });

  test('refuses what would make the signed text ambiguous or the signature worthless', () => {
    const message = { id: 'a', timestampS: 1, body: '', secrets: [SECRET] };
    expect(() => signatureHeader({ ...message, id: 'a.b' })).toThrow(TypeError);
    expect(() => signatureHeader({ ...message, secrets: [] })).toThrow(TypeError);
    expect(() => signatureHeader({ ...message, secrets: ['whsec_short'] })).toThrow(TypeError);
  });
});

describe('secrets', () => {
  test('a generated secret is valid and new each time', () => {
    const secret = generateSigningSecret();
    expect(secret).toMatch(/^whsec_[A-Za-z0-9+/]{43}=$/);
    expect(isSigningSecret(secret)).toBe(true);
    expect(generateSigningSecret()).not.toBe(secret);
  });

  const ofBytes = (bytes: number) => `whsec_${Buffer.alloc(bytes, 7).toString('base64')}`;

  test.each([SECRET, ofBytes(24), ofBytes(64)])('%s is one', (secret) => {
    expect(isSigningSecret(secret)).toBe(true);
  });

  test.each([
    '',
    'whsec_',
    SECRET.slice(6),
    ofBytes(23),
    ofBytes(65),
    `${ofBytes(32)}!`,
    `whsec_ ${ofBytes(32).slice(6)}`,
  ])('"%s" is none', (secret) => {
    expect(isSigningSecret(secret)).toBe(false);
  });
});
