import { automationsOf, endpointOf, stateKeyOf } from '../automation';
import { makeAutomationConfigSchema } from '../config';
import { MASK } from '../mask';

const URL_OK = 'https://hooks.slack.com/services/T0/B0/x';

/** The faults of a posted config as "path: message". */
function faultsOf(slack: unknown, allowCidrs: readonly string[] = []): string[] {
  const { error } = makeAutomationConfigSchema({ allowCidrs }).safeParse({ slack });
  return (error?.issues ?? []).map(({ path, message }) => `${path.join('.')}: ${message}`);
}

test.each([
  { webhookUrl: URL_OK },
  { webhookUrl: MASK },
  { webhookUrl: URL_OK, text: '{{person.email}} {{event}}', trigger: 'on_enter' },
  [
    { webhookUrl: URL_OK, trigger: 'on_exit' },
    { webhookUrl: URL_OK, trigger: 'both' },
  ],
  { webhookUrl: URL_OK, text: 'x'.repeat(40_000) },
])('%j is accepted', (config) => {
  expect(faultsOf(config)).toEqual([]);
});

test.each<[object, string]>([
  [{}, 'slack.webhookUrl: Invalid input: expected string, received undefined'],
  [{ webhookUrl: 'nowhere' }, 'slack.webhookUrl: is not a valid URL'],
  [{ webhookUrl: 'ftp://a.io' }, 'slack.webhookUrl: must start with http:// or https://'],
  [{ webhookUrl: 'https://a:b@a.io' }, 'slack.webhookUrl: must not contain a user name or password'],
  [{ webhookUrl: `${URL_OK}/\0` }, 'slack.webhookUrl: must not contain U+0000 or unpaired surrogates'],
  [{ webhookUrl: `${URL_OK}/\ud800` }, 'slack.webhookUrl: must not contain U+0000 or unpaired surrogates'],
  [{ webhookUrl: URL_OK, url: URL_OK }, 'slack: Unrecognized key: "url"'],
  [
    { webhookUrl: URL_OK, trigger: 'never' },
    'slack.trigger: Invalid option: expected one of "on_enter"|"on_exit"|"both"',
  ],
  [{ webhookUrl: URL_OK, text: ' \n' }, 'slack.text: must not be blank'],
  [{ webhookUrl: URL_OK, text: 'a\0' }, 'slack.text: must not contain U+0000 or unpaired surrogates'],
  [
    { webhookUrl: URL_OK, text: 'x'.repeat(40_001) },
    'slack.text: Too big: expected string to have <=40000 characters',
  ],
])('%j is refused', (config, fault) => {
  expect(faultsOf(config)).toEqual([fault]);
});

test('a field that is none is refused with its path, in a list too', () => {
  const [fault, ...others] = faultsOf([
    { webhookUrl: URL_OK },
    { webhookUrl: URL_OK, text: 'Hi {{person.name}}' },
  ]);
  expect(others).toEqual([]);
  expect(fault).toMatch(/^slack\.1\.text: \{\{person\.name\}\} is no field; known fields: person\.id, /);
});

describe('addresses', () => {
  test.each(['http://hooks.slack.com/x', 'http://8.8.8.8/', 'http://intranet/'])(
    '%s is refused: the URL is a secret, and would go in clear',
    (webhookUrl) => {
      for (const ranges of [[], ['127.0.0.0/8', '10.0.0.0/8']])
        expect(faultsOf({ webhookUrl }, ranges)).toEqual(['slack.webhookUrl: must start with https://']);
    },
  );

  test.each([
    'https://127.0.0.1/',
    'http://127.0.0.1/',
    'https://localhost/',
    'https://[::1]/',
    'https://10.0.0.1/',
  ])('%s is refused unless its range is allowed', (webhookUrl) => {
    const fault = 'slack.webhookUrl: must not point to a private, local or reserved address';
    expect(faultsOf({ webhookUrl })).toEqual([fault]);
    expect(faultsOf({ webhookUrl }, ['192.168.0.0/16'])).toEqual([fault]);
    expect(faultsOf({ webhookUrl }, ['127.0.0.0/8', '10.0.0.0/8'])).toEqual([]);
  });

  test.each(['http://127.0.0.1:4000/x', 'http://localhost:4000/x', 'http://[::1]/', 'http://10.1.2.3/'])(
    '%s is allowed within its range',
    (webhookUrl) => {
      expect(faultsOf({ webhookUrl }, ['127.0.0.0/8', '10.0.0.0/8'])).toEqual([]);
    },
  );
});

test('its normal form: both edges unless told otherwise; one endpoint for one URL, no state', () => {
  const automations = automationsOf({
    slack: [
      { id: 'a', webhookUrl: 'sealed', fingerprint: 'f' },
      { id: 'b', webhookUrl: 'sealed too', fingerprint: 'f', trigger: 'on_enter', text: '{{event}}' },
      { id: 'c', webhookUrl: 'never sealed', trigger: 'on_exit' },
    ],
  });
  expect(automations.map(({ actions }) => [actions.entered, actions.exited])).toEqual([
    ['send', 'send'],
    ['send', null],
    [null, 'send'],
  ]);
  expect(automations.map(endpointOf)).toEqual(['slack:f', 'slack:f', 'slack:c']);
  expect(automations.map((one) => stateKeyOf(one, 'p'))).toEqual([null, null, null]);
});
