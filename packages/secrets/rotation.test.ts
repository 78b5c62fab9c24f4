import type { StoredAutomationConfig } from '#automations';
import { PREVIOUS_SECRETS_MAX, ROTATION_OVERLAP_MS, rotateSecret } from './rotation';

const NOW_MS = Date.UTC(2026, 10, 22, 12);
const inMs = (ms: number): string => new Date(NOW_MS + ms).toISOString();
const hook = (id: string, secret: string) => ({ id, url: `https://${id}.example`, secret });
const rotate = (config: StoredAutomationConfig | null, nowMs = NOW_MS, secret = 'new') =>
  rotateSecret(config, { automationId: 'a', secret, nowMs });

test('the new secret is first, the old one goes on for a day; nothing else changes', () => {
  const config = { resend: { id: 'r', audienceId: 'x' }, webhook: [hook('b', 'other'), hook('a', 'old')] };
  expect(rotate(config)).toEqual({
    kind: 'rotated',
    config: {
      ...config,
      webhook: [
        hook('b', 'other'),
        { ...hook('a', 'new'), previousSecrets: [{ secret: 'old', until: inMs(24 * 3_600_000) }] },
      ],
    },
    overlapEndsAtMs: NOW_MS + 24 * 3_600_000,
  });
});

test('one that is over is dropped, one that is not stays with its instant', () => {
  const previousSecrets = [
    { secret: 'running', until: inMs(1) },
    { secret: 'over', until: inMs(0) },
  ];
  const rotated = rotate({ webhook: { ...hook('a', 'old'), previousSecrets } });
  expect(rotated).toMatchObject({
    config: {
      webhook: {
        previousSecrets: [
          { secret: 'old', until: inMs(ROTATION_OVERLAP_MS) },
          { secret: 'running', until: inMs(1) },
        ],
      },
    },
  });
});

test('no rotation breaks the promise of an earlier one: past the limit it is refused until one is over', () => {
  let config: StoredAutomationConfig = { webhook: hook('a', 'old') };
  for (let count = 0; count < PREVIOUS_SECRETS_MAX; count += 1) {
    const rotated = rotate(config, NOW_MS + count);
    if (rotated.kind !== 'rotated') throw new Error(rotated.kind);
    config = rotated.config;
  }
  expect(rotate(config, NOW_MS + ROTATION_OVERLAP_MS - 1)).toEqual({ kind: 'too many' });
  expect(rotate(config, NOW_MS + ROTATION_OVERLAP_MS)).toMatchObject({ kind: 'rotated' });
});

test.each([null, {}, { webhook: hook('b', 'old') }, { resend: { id: 'a', audienceId: 'x' } }])(
  'what is no webhook of the config can not be rotated: %j',
  (config) => {
    expect(rotate(config)).toEqual({ kind: 'no webhook' });
  },
);
