import * as z from 'zod';
import { automationConfigSchema, makeAutomationConfigSchema } from './config';
import { MASK } from './mask';

const bodySchema = (allowCidrs: readonly string[] = []) =>
  z.object({ automationConfig: makeAutomationConfigSchema({ allowCidrs }).nullish() });

/** The faults of a posted body as "path: message"; parsed from JSON text, as the API does. */
function faultsOf(automationConfig: object | string, allowCidrs: readonly string[] = []): string[] {
  const text = typeof automationConfig === 'string' ? automationConfig : JSON.stringify(automationConfig);
  const { error } = bodySchema(allowCidrs).safeParse(JSON.parse(`{"automationConfig":${text}}`));
  return (error?.issues ?? []).map(({ path, message }) => `${path.join('.')}: ${message}`);
}

const URL_OK = 'https://hooks.example.com/growth?x=1';

describe('accepted', () => {
  test.each<object>([
    {},
    { resend: { audienceId: 'aud_1-X', trigger: 'on_enter' } },
    { resend: { audienceId: '78261eea-8f8b-4381-83c6-79fa7120f1cf', trigger: 'on_exit', action: 'remove' } },
    { meta: { customAudienceId: '23851234567890', action: 'add' } },
    {
      meta: [
        { customAudienceId: '1', sync: true, conversionEvent: 'Lead' },
        { customAudienceId: '2', action: 'remove', trigger: 'on_exit' },
      ],
    },
    { webhook: { url: URL_OK, method: 'POST', headers: { Authorization: 'Bearer x', 'X-Name': 'café' } } },
    { webhook: { url: URL_OK, secret: MASK, headers: { 'X-Key': MASK } } },
    { webhook: [{ id: '019ab7c4-0000-7000-8000-000000000001', url: URL_OK, trigger: 'both' }] },
  ])('%j, and stays as it was written', (config) => {
    expect(faultsOf(config)).toEqual([]);
    expect(automationConfigSchema.parse(config)).toEqual(config);
  });
});

describe('refused, with the path of each fault', () => {
  test.each<[object | string, string[]]>([
    [{ webhok: {} }, ['automationConfig: Unrecognized key: "webhok"']],
    [
      { resend: { audienceId: 'a', tigger: 'on_exit' } },
      ['automationConfig.resend: Unrecognized key: "tigger"'],
    ],
    [
      { resend: { audienceId: '../x' } },
      ['automationConfig.resend.audienceId: must be 1 to 100 letters, digits, "_" or "-"'],
    ],
    [
      { resend: { audienceId: 'a', sync: true, action: 'add' } },
      [
        'automationConfig.resend.action: cannot be combined with sync, which adds on entering and removes on leaving',
      ],
    ],
    [{ meta: { customAudienceId: 'a' } }, ['automationConfig.meta.action: is required: "add" or "remove"']],
    [
      { meta: [{ customAudienceId: 'a', action: 'add' }, { customAudienceId: 'b' }] },
      ['automationConfig.meta.1.action: is required: "add" or "remove"'],
    ],
    [{ webhook: [] }, ['automationConfig.webhook: Too small: expected array to have >=1 items']],
    [
      { webhook: Array.from({ length: 21 }, () => ({ url: URL_OK })) },
      ['automationConfig.webhook: Too big: expected array to have <=20 items'],
    ],
    [{ webhook: { url: 'nowhere' } }, ['automationConfig.webhook.url: is not a valid URL']],
    [
      { webhook: { url: 'ftp://example.com' } },
      ['automationConfig.webhook.url: must start with http:// or https://'],
    ],
    [
      { webhook: { url: 'https://me:pw@example.com' } },
      ['automationConfig.webhook.url: must not contain a user name or password'],
    ],
    [
      { webhook: { url: URL_OK, secret: 'short' } },
      ['automationConfig.webhook.secret: must be "whsec_" followed by the base64 of 24 to 64 bytes'],
    ],
    ['{"__proto__": {"a": 1}}', ['automationConfig: Unrecognized key: "__proto__"']],
    [
      '{"webhook": {"url": "https://a.io", "headers": {"__proto__": "x"}}}',
      ['automationConfig.webhook.headers.__proto__: is a reserved name'],
    ],
    [
      '{"webhook": {"url": "https://a.io", "headers": {"constructor": "x"}}}',
      ['automationConfig.webhook.headers.constructor: is a reserved name'],
    ],
  ])('%j', (config, expected) => {
    expect(faultsOf(config)).toEqual(expected);
  });

  test('all faults at once', () => {
    const faults = faultsOf({
      resend: { audienceId: '' },
      webhook: [{ url: 'http://10.0.0.1/x', method: 'GET', headers: { Host: 'a' } }],
    });
    expect(faults.map((fault) => fault.split(':')[0])).toEqual([
      'automationConfig.resend.audienceId',
      'automationConfig.webhook.0.url',
      'automationConfig.webhook.0.method',
      'automationConfig.webhook.0.headers.Host',
    ]);
  });

  test('one id for two automations', () => {
    const id = '019ab7c4-0000-7000-8000-000000000001';
    expect(faultsOf({ resend: { id, audienceId: 'a' }, webhook: [{ id, url: URL_OK }] })).toEqual([
      'automationConfig.webhook.0.id: is the id of another automation of this segment',
    ]);
  });
});

describe('addresses that the URL shows', () => {
  test.each([
    'http://127.0.0.1/',
    'http://localhost:8080/',
    'http://api.localhost./',
    'http://[::1]/',
    'http://[::ffff:127.0.0.1]/',
    'http://0.0.0.0/',
    'http://2130706433/',
    'http://0x7f.1/',
    'http://127.1/',
    'http://[::]/',
    'http://[64:ff9b::7f00:1]/',
    'http://[2002:7f00:1::]/',
    'http://169.254.169.254/latest',
    'http://10.1.2.3/',
    'http://172.16.0.1/',
    'http://192.168.1.1/',
    'http://100.64.0.1/',
    'http://[fd00:ec2::254]/',
    'http://[fe80::1]/',
    'http://[::7f00:1]/',
    'http://①②⑦.0.0.1/',
  ])('%s is refused', (url) => {
    expect(faultsOf({ webhook: { url } })).toEqual([
      'automationConfig.webhook.url: must not point to a private, local or reserved address',
    ]);
  });

  test('ranges that are allowed, and only those', () => {
    const allowed = ['127.0.0.0/8', 'fd00::/8', '10.1.2.3'];
    for (const host of [
      '127.0.0.1',
      '127.9.9.9:9000',
      'localhost:4000',
      '[::1]',
      '[::ffff:127.0.0.1]',
      '[fd00::1]',
      '10.1.2.3',
    ]) {
      expect(faultsOf({ webhook: { url: `http://${host}/` } }, allowed)).toEqual([]);
    }
    expect(faultsOf({ webhook: { url: 'http://10.1.2.4/' } }, allowed)).toHaveLength(1);
    expect(faultsOf({ webhook: { url: 'http://8.8.8.8/' } })).toEqual([]);
    expect(faultsOf({ webhook: { url: 'http://[2606:4700::1]/' } })).toEqual([]);
  });

  test('a range that is none stops the start', () => {
    expect(() => makeAutomationConfigSchema({ allowCidrs: ['127.0.0.0/8', 'intranet'] })).toThrow(
      '"intranet"',
    );
  });
});

describe('headers', () => {
  const faultOf = (headers: object) =>
    faultsOf({ webhook: { url: URL_OK, headers } }).map((fault) =>
      fault.replace('automationConfig.webhook.headers', ''),
    );

  test.each([
    'Host',
    'content-length',
    'Transfer-Encoding',
    'Connection',
    'Keep-Alive',
    'Upgrade',
    'TE',
    'Trailer',
    'Expect',
    'Proxy-Authorization',
    'webhook-id',
    'Webhook-Signature',
    'Idempotency-Key',
    'Content-Type',
  ])('%s is ours', (name) => {
    expect(faultOf({ [name]: 'x' })).toEqual([`.${name}: is set by the sender and cannot be configured`]);
  });

  test.each(['', 'X Name', 'X:Name', 'Näme', 'X\r\nY'])('%j is no header name', (name) => {
    expect(faultOf({ [name]: 'x' })).toEqual([`.${name}: is not a valid HTTP header name`]);
  });

  test.each(['a\r\nX-Injected: 1', 'a\nb', 'a\0b', 'a\tb', 'a\u007fb', 'naïve ✓'])(
    '%j is no header value',
    (value) => {
      expect(faultOf({ 'X-A': value })).toEqual([
        '.X-A: may hold Latin-1 characters only, and no control characters or line breaks',
      ]);
    },
  );

  test('bounds: 50 headers, 8 KB, one spelling each', () => {
    const many = (count: number) =>
      Object.fromEntries(Array.from({ length: count }, (_, index) => [`X-${index}`, 'v']));
    expect(faultOf(many(50))).toEqual([]);
    expect(faultOf(many(51))).toEqual([': at most 50 headers']);
    expect(faultOf({ 'X-A': 'v'.repeat(8_189) })).toEqual([]);
    expect(faultOf({ 'X-A': 'v'.repeat(8_190) })).toEqual([
      ': names and values together are more than 8192 bytes',
    ]);
    expect(faultOf({ 'X-A': '1', 'x-a': '2' })).toEqual(['.x-a: is given twice (header names ignore case)']);
    expect(faultOf({ 'X-A': 5 })).toEqual(['.X-A: Invalid input: expected string, received number']);
  });
});

test('the schema can be documented: each part is one or a list', () => {
  const { properties } = z.toJSONSchema(automationConfigSchema, { io: 'input' });
  expect(properties?.['webhook']).toMatchObject({
    anyOf: [
      { type: 'object', required: ['url'] },
      { type: 'array', minItems: 1, maxItems: 20 },
    ],
  });
});
