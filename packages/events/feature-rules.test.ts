import { DEFAULT_FEATURE_RULES, featureNamesSchema, makeFeatureEffect } from './feature-rules';

const effectOf = makeFeatureEffect(DEFAULT_FEATURE_RULES);

test.each([
  ['core_action', ['coreActions'], true],
  ['payment_completed', ['coreActions'], true],
  ['pricing_viewed', ['pricingViews'], true],
  ['pricing_page_view', ['pricingViews'], true],
  ['email_opened', ['emailOpens'], false],
  ['email_clicked', ['emailClicks'], false],
  ['email_bounced', [], false],
  ['subscription_updated', [], false],
  ['page_viewed', [], true],
  ['emailed', [], true],
])('%s counts for %j, active: %s', (name, counted, active) => {
  expect(effectOf(name)).toEqual({ counted, active });
});

test('a name may count for several features', () => {
  const custom = makeFeatureEffect({ ...DEFAULT_FEATURE_RULES, pricingViews: ['core_action'] });
  expect(custom('core_action').counted).toEqual(['coreActions', 'pricingViews']);
});

test('days are active but for the excluded names and beginnings', () => {
  const effect = makeFeatureEffect({
    ...DEFAULT_FEATURE_RULES,
    activeDays: { exclude: ['heartbeat'], excludePrefixes: ['bot_'] },
  });
  const active = (name: string): boolean => effect(name).active;
  expect(['heartbeat', 'bot_seen', 'bot_'].map(active)).toEqual([false, false, false]);
  expect(['heartbeats', 'robot_seen', 'email_opened', 'bot'].map(active)).toEqual([true, true, true, true]);
  expect(active('heartbeat')).toBe(false);
});

test('a list has at most 100 names, each once', () => {
  const faults = (value: unknown) =>
    featureNamesSchema.safeParse(value).error?.issues.map(({ path, message }) => [path, message]);
  expect(faults([])).toBeUndefined();
  expect(faults(Array.from({ length: 100 }, (_none, index) => `e${index}`))).toBeUndefined();
  expect(faults(Array.from({ length: 101 }, (_none, index) => `e${index}`))).toEqual([
    [[], 'must have at most 100 names'],
  ]);
  expect(faults(['a', 'b', 'a'])).toEqual([[[2], 'stands in the list already']]);
  expect(faults(['a', '', 3])).toEqual([
    [[1], 'must not be empty'],
    [[2], 'must be a string'],
  ]);
  expect(faults('a')).toEqual([[[], 'must be a list of event names']]);
});
