import { makeMapper, type Mapping, nativeEvent } from './mapping';
import type { Row } from './rows';

const mapping: Mapping = {
  event: { name: 'payment_completed' },
  user: 'customer',
  time: 'day',
  properties: undefined,
  traits: new Map([['email', 'mail']]),
  isText: true,
};

function row(values: Row['values'], line = 2): Row {
  return { line, content: JSON.stringify(Object.values(values)), values };
}

const purchase = {
  customer: '00042',
  day: '19970101',
  cds: '3',
  dollars: '11.50',
  zip: '01234',
  note: '',
  mail: 'a@b.c',
};

it('makes an event: ids stay text, numbers become numbers, empty cells are left out', () => {
  const { event, atMs, line } = makeMapper(mapping)(row(purchase));
  expect(event).toEqual({
    event: 'payment_completed',
    userId: '00042',
    properties: { cds: 3, dollars: 11.5, zip: '01234' },
    traits: { email: 'a@b.c' },
  });
  expect([new Date(atMs).toISOString(), line]).toEqual(['1997-01-01T00:00:00.000Z', 2]);
});

it('takes the properties that are named, and no others', () => {
  const properties = new Map([['amount', 'dollars']]);
  expect(makeMapper({ ...mapping, properties })(row(purchase)).event.properties).toEqual({ amount: 11.5 });
});

it.each(['-0.5', '0', '123456789012345'])('takes %j for a number', (dollars) => {
  const { event } = makeMapper(mapping)(row({ ...purchase, dollars }));
  expect(event.properties?.['dollars']).toBe(Number(dollars));
});

it.each(['007', '1e5', '0x10', '+1', '1,5', '12345678901234567', 'NaN', '1.', '.5'])(
  'leaves %j as it is',
  (dollars) => {
    const { event } = makeMapper(mapping)(row({ ...purchase, dollars }));
    expect(event.properties?.['dollars']).toBe(dollars);
  },
);

it('leaves JSON values as they are', () => {
  const values = { customer: 42, day: 1793525400, dollars: '11.50', tags: ['x'], gone: null };
  const json = makeMapper({ ...mapping, traits: new Map(), isText: false })(row(values));
  expect(json.event.properties).toEqual({ dollars: '11.50', tags: ['x'], gone: null });
  expect(json.event.userId).toBe('42');
});

it.each([
  [
    'a missing column',
    { ...mapping, user: 'custmer' },
    purchase,
    'line 2: there is no column "custmer"; there are: customer, day',
  ],
  ['an empty user', mapping, { ...purchase, customer: ' ' }, 'line 2: column "customer" is empty'],
  [
    'a time that is none',
    mapping,
    { ...purchase, day: '1997-13-01' },
    'line 2: column "day": "1997-13-01" is no time',
  ],
  [
    'what the API would refuse',
    mapping,
    { ...purchase, customer: 'x'.repeat(201) },
    'line 2: userId must have at most 200',
  ],
  [
    'a column that objects inherit',
    { ...mapping, user: 'toString' },
    purchase,
    'there is no column "toString"',
  ],
])('refuses %s, and says where', (_what, refused, values, message) => {
  expect(() => makeMapper(refused)(row(values))).toThrow(message);
});

describe('the fingerprint', () => {
  const map = makeMapper(mapping);

  it('is the same for the same row, wherever it stands', () => {
    expect(map(row(purchase, 9)).fingerprint).toEqual(map(row(purchase, 2)).fingerprint);
  });

  it.each([
    ['event', makeMapper({ ...mapping, event: { name: 'order' } }), purchase],
    ['cell', map, { ...purchase, note: 'x' }],
    ['user', makeMapper({ ...mapping, user: 'zip' }), purchase],
  ])('is another for another %s', (_what, other, values) => {
    expect(other(row(values)).fingerprint).not.toEqual(map(row(purchase)).fingerprint);
  });
});

describe('a native event', () => {
  it('stays what it is, with its own messageId', () => {
    const values = {
      event: 'e',
      anonymousId: 'a',
      messageId: 'm',
      timestamp: '2026-11-01',
      traits: { plan: null },
    };
    const { event, messageId, atMs } = nativeEvent(row(values));
    expect(event).toEqual({ event: 'e', anonymousId: 'a', traits: { plan: null } });
    expect([messageId, atMs]).toEqual(['m', Date.parse('2026-11-01')]);
  });

  it.each([
    [{ event: 'e', userId: 'u' }, 'line 2: there is no column "timestamp"'],
    [{ userId: 'u', timestamp: '2026-11-01' }, 'line 2: event must be a string'],
    [{ event: 'e', timestamp: '2026-11-01' }, 'line 2: userId one of userId'],
  ])('is refused when it is none: %j', (values, message) => {
    expect(() => nativeEvent(row(values))).toThrow(message);
  });
});
