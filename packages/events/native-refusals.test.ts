import { EVENT_BYTES_MAX, EVENT_KEYS_MAX, EVENT_NESTING_MAX } from './limits';
import { parseNativeBody } from './native';

function paths(body: unknown): string[] {
  const parsed = parseNativeBody(body);
  return parsed.success ? [] : parsed.error.issues.map((issue) => issue.path.join('.'));
}

const nested = (depth: number): unknown => (depth === 0 ? 1 : { a: nested(depth - 1) });
const keys = (count: number): object =>
  Object.fromEntries(Array.from({ length: count }, (_none, index) => [`k${index}`, index]));
/** An event of so many bytes of JSON. */
const sized = (bytes: number, char = 'x'): object => {
  const event = (text: string) => ({ event: 'x', userId: 'u', properties: { text } });
  const charBytes = new TextEncoder().encode(char).length;
  const left = bytes - JSON.stringify(event('')).length;
  return event(char.repeat(Math.floor(left / charBytes)) + 'y'.repeat(left % charBytes));
};

test.each<[string, unknown]>([
  ['as deep as may be', { event: 'x', userId: 'u', properties: nested(EVENT_NESTING_MAX) }],
  [
    'lists as deep as may be',
    {
      event: 'x',
      userId: 'u',
      traits: { a: JSON.parse(`${'['.repeat(EVENT_NESTING_MAX - 1)}1${']'.repeat(EVENT_NESTING_MAX - 1)}`) },
    },
  ],
  ['as many keys as may be', { event: 'x', userId: 'u', properties: keys(EVENT_KEYS_MAX) }],
  [
    'as many keys in two parts',
    { event: 'x', userId: 'u', properties: keys(EVENT_KEYS_MAX - 1), traits: keys(1) },
  ],
  ['as large as may be', sized(EVENT_BYTES_MAX)],
  ['as large as may be, in other characters', sized(EVENT_BYTES_MAX, '€')],
  ['several, each as large as may be', { events: [sized(EVENT_BYTES_MAX), sized(EVENT_BYTES_MAX)] }],
  [
    'a name as long as may be',
    { event: 'x'.repeat(200), userId: 'u'.repeat(200), messageId: 'm'.repeat(200) },
  ],
  ['a trait with a name as long as may be', { event: 'x', userId: 'u', traits: { ['t'.repeat(200)]: 1 } }],
  ['U+0000 in the name of a trait', { event: 'x', userId: 'u', traits: { 'a\0b': 1 } }],
  ['line breaks in values', { event: 'x', userId: 'u', properties: { a: '\n\t' }, traits: { b: '\r\n' } }],
])('%s is taken', (_what, body) => {
  expect(paths(body)).toEqual([]);
});

test.each<[string, unknown, string[]]>([
  ['no object', 'text', ['']],
  ['a list', [{ event: 'x', userId: 'u' }], ['']],
  ['nothing', {}, ['event']],
  ['nobody', { event: 'x' }, ['userId']],
  ['an empty name', { event: '', userId: 'u' }, ['event']],
  ['a long name', { event: 'x'.repeat(201), userId: 'u' }, ['event']],
  ['a name with U+0000', { event: 'x\0', userId: 'u' }, ['event']],
  ['a name with a line break', { event: 'x\ny', userId: 'u' }, ['event']],
  [
    'an id with a tab',
    { event: 'x', userId: 'u\t', anonymousId: '\u0085', messageId: '\u007f' },
    ['userId', 'anonymousId', 'messageId'],
  ],
  ['half a surrogate pair in an id', { event: 'x', userId: '\ud83d' }, ['userId']],
  ['a number as user', { event: 'x', userId: 7 }, ['userId']],
  ['a personId that is no id', { event: 'x', personId: 'u_1' }, ['personId']],
  ['an e-mail that is none', { event: 'x', email: 'nobody' }, ['email']],
  ['an address without a dot', { event: 'x', email: 'a@b' }, ['email']],
  ['an address with a character that nobody sees', { event: 'x', email: 'a\u200B@example.com' }, ['email']],
  ['epoch seconds', { event: 'x', userId: 'u', timestamp: 1_793_525_400 }, ['timestamp']],
  ['an offset of a day', { event: 'x', userId: 'u', timestamp: '2026-11-01T00:00:00-24:00' }, ['timestamp']],
  ['an empty message id', { event: 'x', userId: 'u', messageId: '' }, ['messageId']],
  ['a time in words', { event: 'x', userId: 'u', timestamp: 'yesterday' }, ['timestamp']],
  ['30 February', { event: 'x', userId: 'u', timestamp: '2026-02-30T00:00:00Z' }, ['timestamp']],
  ['the year 1969', { event: 'x', userId: 'u', timestamp: '1969-12-31T23:59:59Z' }, ['timestamp']],
  ['the year 10000', { event: 'x', userId: 'u', timestamp: 253_402_300_800_000 }, ['timestamp']],
  ['an absurd number', { event: 'x', userId: 'u', timestamp: 1e308 }, ['timestamp']],
  ['a time that is an object', { event: 'x', userId: 'u', timestamp: {} }, ['timestamp']],
  ['properties as a list', { event: 'x', userId: 'u', properties: [] }, ['properties']],
  ['deep properties', { event: 'x', userId: 'u', properties: nested(EVENT_NESTING_MAX + 1) }, ['properties']],
  [
    'deep traits in a batch',
    { events: [{ event: 'x', userId: 'u', traits: nested(EVENT_NESTING_MAX + 1) }] },
    ['events.0.traits'],
  ],
  ['too many keys', { event: 'x', userId: 'u', properties: keys(EVENT_KEYS_MAX + 1) }, ['properties']],
  [
    'too many keys in two parts',
    { event: 'x', userId: 'u', properties: keys(EVENT_KEYS_MAX), traits: keys(1) },
    ['traits'],
  ],
  ['an event that is too large', sized(EVENT_BYTES_MAX + 1), ['']],
  ['an event that is too large, in other characters', sized(EVENT_BYTES_MAX + 1, '€'), ['']],
  ['one of a batch that is too large', { events: [sized(100), sized(EVENT_BYTES_MAX + 1)] }, ['events.1']],
  [
    'faults of the size and of a value',
    { event: 'x', userId: 'u', timestamp: 'no', properties: nested(40) },
    ['properties', 'timestamp'],
  ],
  [
    'a number out of range',
    JSON.parse('{"event":"x","userId":"u","properties":{"n":1e400}}'),
    ['properties'],
  ],
  ['traits as text', { event: 'x', userId: 'u', traits: 'pro' }, ['traits']],
  [
    'a trait with a line break in its name',
    { event: 'x', userId: 'u', traits: { 'a\nb': 1 } },
    ['traits.a\nb'],
  ],
  [
    'a trait with a long name',
    { event: 'x', userId: 'u', traits: { ['t'.repeat(201)]: 1 } },
    [`traits.${'t'.repeat(200)}`],
  ],
  ['a trait without a name', { event: 'x', userId: 'u', traits: { '': 1 } }, ['traits.']],
  [
    'a subscription without id and status',
    { event: 'subscription_updated', userId: 'u' },
    ['properties.status', 'properties.subscriptionId'],
  ],
  [
    'a subscription with half a cent',
    {
      event: 'subscription_updated',
      userId: 'u',
      properties: { subscriptionId: 's', status: 'active', mrr: 0.5 },
    },
    ['properties.mrr'],
  ],
  [
    'a subscription with control characters and epoch seconds',
    {
      event: 'subscription_updated',
      userId: 'u',
      properties: {
        subscriptionId: 's\n',
        status: '\0',
        planName: 'p\u001b',
        currency: '\ud800',
        occurredAt: 1_793_525_400,
      },
    },
    [
      'properties.currency',
      'properties.occurredAt',
      'properties.planName',
      'properties.status',
      'properties.subscriptionId',
    ],
  ],
  ['an empty batch', { events: [] }, ['events']],
  ['a batch that is no list', { events: {} }, ['events']],
  ['1,001 events', { events: Array.from({ length: 1001 }, () => ({ event: 'x', userId: 'u' })) }, ['events']],
  [
    'faults of several events',
    { events: [{ event: 'x', userId: 'u' }, { event: 1 }, { event: 'x', userId: 'u', timestamp: 'no' }] },
    ['events.1.event', 'events.2.timestamp'],
  ],
])('%s is refused with its path', (_what, body, expected) => {
  expect(paths(body).sort()).toEqual([...expected].sort());
});
