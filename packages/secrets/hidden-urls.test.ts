import { randomBytes } from 'node:crypto';
import { type AutomationConfig, isSealed, MASK, type StoredAutomationConfig } from '#automations';
import { assignIds, maskConfig } from './masking';
import { mergeMasked } from './merging';
import { sealConfig } from './sealing';
import { makeSecretBox } from './secret-box';

// Automations whose URL is a secret: everybody who knows it can post there.

const box = makeSecretBox([randomBytes(32)]);
const A = { id: 'a', webhookUrl: 'https://hooks.example.com/a', text: 'A' };
const B = { id: 'b', webhookUrl: 'https://hooks.example.com/b', trigger: 'on_enter' as const };
const stored = sealConfig({ slack: [A, B] }, box);

function merged(
  next: AutomationConfig,
  previous: StoredAutomationConfig | null = stored,
): StoredAutomationConfig {
  const result = mergeMasked(next, previous, box);
  if (!result.ok) throw new Error(JSON.stringify(result.faults));
  return sealConfig(assignIds(result.config, () => 'new').config, box);
}

const listOf = (config: StoredAutomationConfig) => [config.slack ?? []].flat();

test('are stored sealed, with a digest that does not show them', () => {
  for (const one of listOf(stored)) expect(isSealed(one.webhookUrl)).toBe(true);
  expect(JSON.stringify(stored)).not.toContain('hooks.example.com');
  expect(listOf(stored).map(({ fingerprint }) => fingerprint?.length)).toEqual([32, 32]);
});

test('one URL has one digest, in whatever automation; another has another', () => {
  const digests = (urls: readonly string[]) =>
    listOf(sealConfig({ slack: urls.map((webhookUrl, id) => ({ id: `${id}`, webhookUrl })) }, box)).map(
      ({ fingerprint }) => fingerprint,
    );
  const [one, same, other] = digests([A.webhookUrl, A.webhookUrl, B.webhookUrl]);
  expect(same).toBe(one);
  expect(other).not.toBe(one);
});

test('are shown masked, without their digest', () => {
  expect(maskConfig(stored)).toEqual({
    slack: [
      { ...A, webhookUrl: MASK },
      { ...B, webhookUrl: MASK },
    ],
  });
});

test('what was shown and is sent back changes nothing, in one or a list, with ids or by position', () => {
  expect(merged(maskConfig(stored))).toEqual(stored);
  const one = sealConfig({ slack: A }, box);
  expect(merged(maskConfig(one), one)).toEqual(one);
  expect(merged({ slack: { webhookUrl: MASK, text: 'A' } }, one)).toEqual(one);
});

test('the same URL sent again is the same automation; another is a new one', () => {
  expect(merged({ slack: [{ webhookUrl: B.webhookUrl, trigger: 'on_enter' }] })).toEqual({
    slack: [listOf(stored)[1]],
  });
  const [other] = listOf(merged({ slack: [{ webhookUrl: 'https://hooks.example.com/c' }] }));
  expect(other?.id).toBe('new');
});

test('a new URL under the same id replaces it, digest and all', () => {
  const [moved] = listOf(merged({ slack: [{ ...A, webhookUrl: B.webhookUrl }] }));
  expect(moved).toMatchObject({ id: 'a', fingerprint: listOf(stored)[1]?.fingerprint });
});

test('a mask of nothing is a fault with its path', () => {
  const message = '"***" stands for a stored value, and there is none';
  expect(mergeMasked({ slack: [{ ...A }, { webhookUrl: MASK }] }, null, box)).toEqual({
    ok: false,
    faults: [{ path: ['slack', 1, 'webhookUrl'], message }],
  });
  expect(mergeMasked({ slack: { webhookUrl: MASK } }, null, box)).toEqual({
    ok: false,
    faults: [{ path: ['slack', 'webhookUrl'], message }],
  });
});

test('without a key they lie in clear, and are sealed at the next save with one', () => {
  const open = sealConfig({ slack: A }, makeSecretBox([]));
  expect(listOf(open)[0]).toMatchObject({ webhookUrl: A.webhookUrl, fingerprint: expect.any(String) });
  const [sealed] = listOf(sealConfig(open, box));
  expect(isSealed(sealed?.webhookUrl ?? '')).toBe(true);
  expect(sealed?.fingerprint).toBe(listOf(open)[0]?.fingerprint);
});

test('what no key opens stays as it is', () => {
  expect(sealConfig(stored, makeSecretBox([randomBytes(32)]))).toEqual(stored);
});
