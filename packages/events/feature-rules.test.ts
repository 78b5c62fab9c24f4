import { DEFAULT_FEATURE_RULES, makeFeatureEffect } from './feature-rules';

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
