import { randomBytes } from 'node:crypto';
import {
  type AutomationConfig,
  automationConfigSchema,
  isSealed,
  isSigningSecret,
  MASK,
  type StoredAutomationConfig,
} from '#automations';
import { assignIds, maskConfig } from './masking';
import { mergeMasked } from './merging';
import { sealConfig } from './sealing';
import { makeSecretBox } from './secret-box';

const SECRET = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';
const OTHER_SECRET = `whsec_${Buffer.alloc(32, 1).toString('base64')}`;
const A = { id: 'a', url: 'https://a.io/1', secret: SECRET, headers: { Authorization: 'Bearer 1' } };
const B = { id: 'b', url: 'https://b.io/2', secret: OTHER_SECRET, headers: { 'X-Key': 'k' } };

const box = makeSecretBox([randomBytes(32)]);
const noKey = makeSecretBox([]);

function merged(
  next: AutomationConfig,
  previous: StoredAutomationConfig | null,
  { open } = noKey,
): StoredAutomationConfig {
  const result = mergeMasked(next, previous, { open });
  if (!result.ok) throw new Error(JSON.stringify(result.faults));
  return result.config;
}

describe('mergeMasked', () => {
  test('a config that was shown and is sent back changes nothing', () => {
    const stored: AutomationConfig = {
      resend: { id: 'r', audienceId: 'x' },
      meta: [{ id: 'm', customAudienceId: 'y', sync: true }],
      webhook: [A, B],
    };
    expect(merged(maskConfig(stored), stored)).toEqual(stored);
  });

  test('masks follow the id, whatever the position, the form and the path of the URL', () => {
    const next = { webhook: [{ ...B, url: 'https://b.io/new', headers: { 'x-key': MASK }, secret: MASK }] };
    expect(merged(next, { webhook: [A, B] })).toEqual({
      webhook: [{ ...B, url: 'https://b.io/new', headers: { 'x-key': 'k' } }],
    });
  });

  test('nothing that is masked follows an automation to another host', () => {
    const message = '"***" stands for a value that was stored for another host: give it again';
    for (const url of ['https://evil.io/1', 'http://a.io/1', 'https://a.io:444/1']) {
      const next = { webhook: { ...A, url, headers: { Authorization: MASK }, secret: MASK } };
      expect(mergeMasked(next, { webhook: A }, noKey)).toEqual({
        ok: false,
        faults: [
          { path: ['webhook', 'headers', 'Authorization'], message },
          { path: ['webhook', 'secret'], message },
        ],
      });
    }
    // Given again, or left out: then the other host gets a secret of its own.
    const moved = { id: 'a', url: 'https://new.io', headers: { Authorization: 'Bearer 1' } };
    const config = merged({ webhook: moved }, { webhook: A });
    expect(config).toEqual({ webhook: moved });
    expect(assignIds(config, () => 'id').generated.size).toBe(1);
  });

  test('without id: by URL, else by position', () => {
    const byUrl = { webhook: { url: B.url, headers: { 'X-Key': MASK }, secret: MASK } };
    expect(merged(byUrl, { webhook: [A, B] })).toEqual({ webhook: B });
    const byPosition = { webhook: { url: 'https://a.io/moved', headers: { Authorization: MASK } } };
    expect(merged(byPosition, { webhook: A })).toEqual({ webhook: { ...A, url: 'https://a.io/moved' } });
  });

  test('the same config sent again keeps ids and secrets; another target is another automation', () => {
    const plain = {
      resend: { audienceId: 'x' },
      meta: { customAudienceId: 'y', action: 'add' as const },
      webhook: { url: A.url, headers: A.headers },
    };
    const stored = assignIds(plain, () => 'id').config;
    expect(merged(plain, stored)).toEqual(stored);
    expect(merged({ webhook: { url: 'https://else.io' } }, stored)).toEqual({
      webhook: { url: 'https://else.io' },
    });
    expect(merged({ resend: { audienceId: 'z' } }, stored)).toEqual({ resend: { audienceId: 'z' } });
  });

  test('a new secret and new header values replace the stored ones', () => {
    const next = {
      webhook: { ...A, secret: OTHER_SECRET, headers: { Authorization: 'Bearer 2', 'X-New': 'n' } },
    };
    expect(merged(next, { webhook: A })).toEqual(next);
  });

  test('no stored automation serves two', () => {
    const twice = [{ url: A.url }, { url: A.url }];
    const ids = [merged({ webhook: twice }, { webhook: A }).webhook].flat().map((one) => one?.id);
    expect(ids).toEqual(['a', undefined]);
    const named = [{ url: A.url }, { id: 'a', url: A.url }];
    expect([merged({ webhook: named }, { webhook: A }).webhook].flat().map((one) => one?.id)).toEqual([
      undefined,
      'a',
    ]);
  });

  test('a mask with nothing behind it is a fault with its path', () => {
    const message = '"***" stands for a stored value, and there is none';
    const next = { webhook: [A, { url: 'https://c.io', secret: MASK, headers: { 'X-Key': MASK } }] };
    const paths = [
      ['webhook', 1, 'headers', 'X-Key'],
      ['webhook', 1, 'secret'],
    ];
    expect(mergeMasked(next, null, noKey)).toEqual({
      ok: false,
      faults: paths.map((path) => ({ path, message })),
    });
    expect(mergeMasked({ webhook: { ...A, headers: { 'X-Other': MASK } } }, { webhook: A }, noKey)).toEqual({
      ok: false,
      faults: [{ path: ['webhook', 'headers', 'X-Other'], message }],
    });
  });
});

describe('assignIds', () => {
  test('completes what is missing, and says which secrets are new', () => {
    let count = 0;
    const makeId = () => `new-${++count}`;
    const { config, generated } = assignIds(
      {
        resend: { audienceId: 'x' },
        meta: [{ customAudienceId: 'y', sync: true }],
        webhook: [A, { url: B.url }],
      },
      makeId,
    );
    expect(config).toEqual({
      resend: { id: 'new-1', audienceId: 'x' },
      meta: [{ id: 'new-2', customAudienceId: 'y', sync: true }],
      webhook: [A, { id: 'new-3', url: B.url, secret: expect.any(String) }],
    });
    expect([...generated.keys()]).toEqual(['new-3']);
    const [, completed] = [config.webhook].flat();
    expect(isSigningSecret(completed?.secret ?? '')).toBe(true);
    expect(generated.get('new-3')).toBe(completed?.secret);
  });
});

describe('maskConfig', () => {
  test('hides header values and secrets, but for a secret that is being revealed', () => {
    const config = { resend: { id: 'r', audienceId: 'x' }, webhook: [A, B] };
    expect(maskConfig(config, new Map([['b', OTHER_SECRET]]))).toEqual({
      resend: { id: 'r', audienceId: 'x' },
      webhook: [
        { ...A, secret: MASK, headers: { Authorization: MASK } },
        { ...B, headers: { 'X-Key': MASK } },
      ],
    });
    expect(config.webhook).toEqual([A, B]);
  });

  test('what is shown is itself valid to send', () => {
    const id = '019ab7c4-0000-7000-8000-000000000001';
    expect(automationConfigSchema.safeParse(maskConfig({ webhook: { ...A, id } })).success).toBe(true);
  });
});

describe('sealed configs', () => {
  const previousSecrets = [{ secret: OTHER_SECRET, until: '2030-01-01T00:00:00.000Z' }];
  const plain: StoredAutomationConfig = {
    resend: { id: 'r', audienceId: 'x' },
    webhook: [{ ...A, previousSecrets }, B],
  };

  test('hold no secret and no header value in clear, and everything else as it was', () => {
    const sealed = sealConfig(plain, box);
    const text = JSON.stringify(sealed);
    for (const hidden of [SECRET, OTHER_SECRET, 'Bearer 1', '"k"']) expect(text).not.toContain(hidden);
    const [a] = [sealed.webhook].flat();
    expect(a).toMatchObject({ id: 'a', url: A.url, previousSecrets: [{ until: previousSecrets[0]?.until }] });
    expect(
      [a?.secret, a?.headers?.['Authorization'], a?.previousSecrets?.[0]?.secret].every((one) =>
        isSealed(one ?? ''),
      ),
    ).toBe(true);
    expect(sealConfig(sealed, box)).toEqual(sealed);
    expect(sealConfig(plain, noKey)).toEqual(plain);
  });

  test('show masks, and nothing of a secret that is being replaced', () => {
    const shown = maskConfig(sealConfig(plain, box));
    expect(shown).toEqual(maskConfig(plain));
    expect([shown.webhook].flat()[0]).toEqual({ ...A, secret: MASK, headers: { Authorization: MASK } });
  });

  test('sent back as they were shown, or in clear, they stay the same text, a rotation included', () => {
    const sealed = sealConfig(plain, box);
    expect(merged(maskConfig(sealed), sealed, box)).toEqual(sealed);
    expect(merged({ resend: { id: 'r', audienceId: 'x' }, webhook: [A, B] }, sealed, box)).toEqual(sealed);
  });

  test('another secret replaces the stored one at once, and ends the rotation', () => {
    const next = { ...A, secret: OTHER_SECRET };
    expect(merged({ webhook: next }, sealConfig(plain, box), box).webhook).toMatchObject({
      secret: OTHER_SECRET,
    });
    expect(merged({ webhook: next }, sealConfig(plain, box), box).webhook).not.toHaveProperty(
      'previousSecrets',
    );
  });

  test('a value goes with its automation only', () => {
    const [a] = [sealConfig(plain, box).webhook].flat();
    expect(box.open(a?.secret ?? '', { automationId: 'a', use: 'secret' })).toBe(SECRET);
    expect(box.open(a?.secret ?? '', { automationId: 'b', use: 'secret' })).toBeNull();
    expect(
      box.open(a?.headers?.['Authorization'] ?? '', { automationId: 'a', use: 'header:authorization' }),
    ).toBe('Bearer 1');
  });
});
