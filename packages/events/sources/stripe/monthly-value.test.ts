import { stripeStateOf } from './state';

const CREATED_S = 1_767_000_000;

type Fields = Record<string, unknown>;

const price = (amount: unknown, interval = 'month', more: Fields = {}) => ({
  id: 'price_1',
  type: 'recurring',
  currency: 'usd',
  billing_scheme: 'per_unit',
  unit_amount: typeof amount === 'number' ? amount : null,
  ...(typeof amount === 'string' ? { unit_amount_decimal: amount } : {}),
  recurring: { interval, interval_count: 1, usage_type: 'licensed' },
  ...more,
});

const every = (interval: string, count: number) => ({
  recurring: { interval, interval_count: count, usage_type: 'licensed' },
});

const item = (priced: unknown, quantity?: number, more: Fields = {}) => ({
  price: priced,
  ...(quantity === undefined ? {} : { quantity }),
  ...more,
});

const metered = item(
  price(5, 'month', { recurring: { interval: 'month', interval_count: 1, usage_type: 'metered' } }),
);
const oneTime = item(price(50_000, 'month', { type: 'one_time', recurring: null }), 1);

const tiered = (mode: string, tiers: unknown) =>
  price(null, 'month', { billing_scheme: 'tiered', tiers_mode: mode, tiers });
const stairs = [
  { up_to: 5, unit_amount: 1000 },
  { up_to: null, unit_amount: 800 },
];
const packed = (round: string) => price(1000, 'month', { transform_quantity: { divide_by: 10, round } });

function valueOf(items: readonly unknown[], more: Fields = {}) {
  const subscription = { id: 'sub_1', status: 'active', currency: 'usd', items: { data: items }, ...more };
  const moment = { type: 'customer.subscription.updated', eventId: 'evt_1', at: CREATED_S * 1000 };
  // As it comes out of the API: JSON, no undefined.
  const state = stripeStateOf(JSON.parse(JSON.stringify(subscription)), moment, () => null);
  return state === null ? null : [state.mrr, state.mrrEstimated ? 'est.' : ''];
}

const eur = { currency: 'eur' };

test.each<[string, readonly unknown[], number, string?, Fields?]>([
  ['4900 ×2 month', [item(price(4900), 2)], 9800],
  ['48000 year', [item(price(48_000, 'year'), 1)], 4000],
  ['9000 per 3 months', [item(price(9000, 'month', every('month', 3)), 1)], 3000],
  ['1000 week', [item(price(1000, 'week'), 1)], 4333],
  ['2000 per 2 weeks', [item(price(2000, 'week', every('week', 2)), 1)], 4333],
  ['100 day', [item(price(100, 'day'), 1)], 3042],
  ['120000 per 2 years', [item(price(120_000, 'year', every('year', 2)), 1)], 5000],
  ['"0.5" ×1001 month, half up', [item(price('0.5'), 1001)], 501],
  ['"1.666666666667" ×3', [item(price('1.666666666667'), 3)], 5],
  ['quantity 0', [item(price(4900), 0)], 0],
  ['no quantity', [item(price(4900))], 4900],
  ['4900 month + 12000 year ×3', [item(price(4900), 1), item(price(12_000, 'year'), 3)], 7900],
  ['2900 + one-time 50000', [item(price(2900), 1), oneTime], 2900],
  ['2900 + metered 5 without quantity', [item(price(2900), 1), metered], 2900, 'est.'],
  ['metered only', [metered], 0, 'est.'],
  ['1000 per 10, up, 25', [item(packed('up'), 25)], 3000],
  ['1000 per 10, down, 25', [item(packed('down'), 25)], 2000],
  ['tiered without tiers', [item(tiered('graduated', undefined), 7)], 0, 'est.'],
  ['graduated ≤5 @1000, then @800, 7', [item(tiered('graduated', stairs), 7)], 6600],
  ['volume ≤5 @1000, then @800, 7', [item(tiered('volume', stairs), 7)], 5600],
  [
    'graduated flat 2000 to 5, then @100, 8',
    [
      item(
        tiered('graduated', [
          { up_to: 5, flat_amount: 2000 },
          { up_to: null, unit_amount: 100 },
        ]),
        8,
      ),
    ],
    2300,
  ],
  ['free 0', [item(price(0), 1)], 0],
  ['no items', [], 0],
  ['1 year', [item(price(1, 'year'), 1)], 0],
  ['6 year', [item(price(6, 'year'), 1)], 1],
  ['JPY 500', [item(price(500, 'month', { currency: 'jpy' }), 1)], 500, '', { currency: 'jpy' }],
  ['KWD 18000 year', [item(price(18_000, 'year', { currency: 'kwd' }), 1)], 1500, '', { currency: 'kwd' }],
  // Neighbours of these.
  ['deleted item', [item(price(4900), 1), item(price(900), 1, { deleted: true })], 4900],
  ['unknown interval', [item(price(4900, 'fortnight'), 1)], 0, 'est.'],
  ['interval count 0', [item(price(4900, 'month', every('month', 0)), 1)], 0, 'est.'],
  ['no amount', [item(price(null), 1)], 0, 'est.'],
  ['price as an id', [item('price_1', 1)], 0, 'est.'],
  ['price in euros, subscription in dollars', [item(price(4900, 'month', eur), 1)], 0, 'est.'],
  [
    'price with the currency among its options',
    [item(price(4900, 'month', { ...eur, currency_options: { usd: { unit_amount: 5300 } } }), 1)],
    5300,
  ],
  ['tiers that end before the quantity', [item(tiered('graduated', stairs.slice(0, 1)), 7)], 0, 'est.'],
  ['graduated within the first tier', [item(tiered('graduated', stairs), 5)], 5000],
  [
    'has more than ten items',
    [item(price(4900), 1)],
    4900,
    'est.',
    { items: { data: [item(price(4900), 1)], has_more: true } },
  ],
  [
    'a plan of an old version',
    [
      {
        quantity: 2,
        plan: {
          id: 'plan_1',
          amount: 1200,
          currency: 'usd',
          interval: 'year',
          interval_count: 1,
          usage_type: 'licensed',
        },
      },
    ],
    200,
  ],
  ['beyond what a number holds', [item(price('9'.repeat(20)), 1)], Number.MAX_SAFE_INTEGER, 'est.'],
  ['a trial', [item(price(4900), 1)], 4900, '', { status: 'trialing' }],
])('M: %s', (_, items, mrr, estimated = '', more = {}) => {
  expect(valueOf(items, more)).toEqual([mrr, estimated]);
});

const base = [item({ ...price(4900), product: 'prod_1' }, 1)];
const off = (coupon: Fields, more: Fields = {}) => ({
  id: 'di_1',
  coupon: { duration: 'forever', ...coupon },
  ...more,
});
const percent = (percentOff: number, more: Fields = {}) => off({ percent_off: percentOff }, more);
const amount = (amountOff: number, currency = 'usd', more: Fields = {}) =>
  off({ amount_off: amountOff, currency, ...more });
const second = item({ ...price(2900), product: 'prod_2' }, 1);

test.each<[string, readonly unknown[], Fields, number, string?]>([
  ['25 %', base, { discounts: [percent(25)] }, 3675],
  ['12.5 %', base, { discounts: [percent(12.5)] }, 4288],
  ['100 %', base, { discounts: [percent(100)] }, 0],
  ['5000 off', base, { discounts: [amount(5000)] }, 0],
  ['1000 off yearly 48000', [item(price(48_000, 'year'), 1)], { discounts: [amount(1000)] }, 3917],
  ['1000 eur off', base, { discounts: [amount(1000, 'eur')] }, 4900, 'est.'],
  [
    '1000 eur off, with currency_options.usd 900',
    base,
    { discounts: [amount(1000, 'eur', { currency_options: { usd: { amount_off: 900 } } })] },
    4000,
  ],
  ['once 50 %', base, { discounts: [off({ percent_off: 50, duration: 'once' })] }, 4900],
  [
    'repeating 50 %, end = t+1 s',
    base,
    { discounts: [off({ percent_off: 50, duration: 'repeating' }, { end: CREATED_S + 1 })] },
    2450,
  ],
  [
    'repeating 50 %, end = t',
    base,
    { discounts: [off({ percent_off: 50, duration: 'repeating' }, { end: CREATED_S })] },
    4900,
  ],
  ['20 % then 500 off', base, { discounts: [percent(20), amount(500)] }, 3420],
  ['500 off then 20 %', base, { discounts: [amount(500), percent(20)] }, 3520],
  [
    'item 10 % of 4900, + 2900, then 1000 off',
    [item(price(4900), 1, { discounts: [percent(10)] }), second],
    { discounts: [amount(1000)] },
    6310,
  ],
  [
    '50 % only for the 2900 product',
    [...base, second],
    { discounts: [off({ percent_off: 50, applies_to: { products: ['prod_2'] } })] },
    6350,
  ],
  ['discount "di_1"', base, { discounts: ['di_1'] }, 4900, 'est.'],
  [
    'source.coupon: "co_1"',
    base,
    { discounts: [{ id: 'di_1', source: { coupon: 'co_1', type: 'coupon' } }] },
    4900,
    'est.',
  ],
  [
    'source.coupon expanded',
    base,
    { discounts: [{ id: 'di_1', source: { coupon: { percent_off: 25 } } }] },
    3675,
  ],
  ['old subscription.discount.coupon 25 %', base, { discount: percent(25) }, 3675],
  ['old discount beside its id in the list', base, { discount: percent(25), discounts: ['di_1'] }, 3675],
  [
    '1000 off 4900 month + 48000 year',
    [...base, item(price(48_000, 'year'), 1)],
    { discounts: [amount(1000)] },
    7900,
  ],
  [
    'an amount for one product is not taken off another',
    [...base, second],
    { discounts: [amount(5000, 'usd', { applies_to: { products: ['prod_2'] } })] },
    4900,
  ],
  ['a coupon that says nothing', base, { discounts: [off({})] }, 4900, 'est.'],
])('M: %s', (_, items, more, mrr, estimated = '') => {
  expect(valueOf(items, more)).toEqual([mrr, estimated]);
});
