import type { LookupAddress } from 'node:dns';
import type { LookupFunction } from 'node:net';
import { isAllowedAddress, parseCidrs } from '#automations';
import { type FakeReceiver, reply, startFakeReceiver } from '../testkit/fakes';
import { makeSendHttp } from './http';
import { makeGuardedAgents } from './egress';

let target: FakeReceiver;

// Bound to every address of the machine, so that whatever is not refused is reached.
beforeEach(async () => {
  target = await startFakeReceiver({ host: '::' }).catch(() => startFakeReceiver({ host: '0.0.0.0' }));
});
afterEach(() => target.close());

const send = (
  url: string,
  { allowCidrs = [], lookup }: { allowCidrs?: readonly string[]; lookup?: LookupFunction } = {},
) =>
  makeSendHttp(makeGuardedAgents(parseCidrs(allowCidrs), lookup))(
    { method: 'POST', url, headers: {}, body: '{}' },
    AbortSignal.timeout(5_000),
  );

/** A resolver that answers its calls with these lists in turn, and counts them. */
function resolver(...answers: string[][]): { lookup: LookupFunction; calls: () => number } {
  let calls = 0;
  return {
    calls: () => calls,
    lookup: (_hostname, _options, callback) => {
      const found = answers[Math.min(calls++, answers.length - 1)] ?? [];
      const addresses: LookupAddress[] = found.map((address) => ({
        address,
        family: address.includes(':') ? 6 : 4,
      }));
      process.nextTick(() => callback(null, addresses));
    },
  };
}

const HOSTS = [
  '127.0.0.1',
  'localhost',
  '[::1]',
  '[::ffff:127.0.0.1]',
  '0.0.0.0',
  '2130706433',
  '0x7f.1',
  '127.1',
  '[::]',
  '[64:ff9b::7f00:1]',
  '[2002:7f00:1::]',
  '0177.0.0.1',
  '①②⑦.0.0.1',
  '169.254.169.254',
  '10.0.0.1',
  '[fd00:ec2::254]',
];

describe('without allowed ranges', () => {
  test.each(HOSTS)('http://%s is refused before it is connected', async (host) => {
    expect(await send(`http://${host}:${target.port}/`)).toEqual({ kind: 'failure', code: 'EGRESS_BLOCKED' });
    expect(target.requests).toHaveLength(0);
  });

  test.each(['127.0.0.1', 'localhost', '[::1]'])('https://%s too', async (host) => {
    expect(await send(`https://${host}:${target.port}/`)).toEqual({
      kind: 'failure',
      code: 'EGRESS_BLOCKED',
    });
  });

  test.each([
    [['127.0.0.1']],
    [['93.184.216.34', '10.0.0.7']],
    [['2606:4700::1', '::1']],
    [['fe80::1%eth0']],
    [['::ffff:10.0.0.1']],
    [[]],
  ])('a name that resolves to %j is refused', async (addresses) => {
    const { lookup } = resolver(addresses);
    const result = await send(`http://rebind.example:${target.port}/`, { lookup });
    expect(result).toEqual({ kind: 'failure', code: 'EGRESS_BLOCKED' });
    expect(target.requests).toHaveLength(0);
  });
});

describe('within allowed ranges', () => {
  test.each(['127.0.0.1', 'localhost', '[::ffff:127.0.0.1]'])('http://%s is reached', async (host) => {
    const result = await send(`http://${host}:${target.port}/`, { allowCidrs: ['127.0.0.0/8'] });
    expect(result).toMatchObject({ kind: 'response', status: 200 });
    expect(target.requests).toHaveLength(1);
  });

  test('the address that was checked is the one that is dialled: one lookup, whatever the next would say', async () => {
    const { lookup, calls } = resolver(['127.0.0.1'], ['10.0.0.1']);
    const result = await send(`http://rebind.example:${target.port}/`, {
      allowCidrs: ['127.0.0.0/8'],
      lookup,
    });
    expect(result).toMatchObject({ kind: 'response', status: 200 });
    expect(calls()).toBe(1);
  });

  test('one address outside refuses the name', async () => {
    const { lookup } = resolver(['127.0.0.1', '10.0.0.1']);
    const result = await send(`http://mixed.example:${target.port}/`, {
      allowCidrs: ['127.0.0.0/8'],
      lookup,
    });
    expect(result).toEqual({ kind: 'failure', code: 'EGRESS_BLOCKED' });
  });

  test('a redirect is an answer, not a journey', async () => {
    const inner = await startFakeReceiver();
    target.respondWith(reply(302, { headers: { location: `${inner.origin}/secret` } }));
    const result = await send(`http://127.0.0.1:${target.port}/`, { allowCidrs: ['127.0.0.0/8'] });
    expect(result).toMatchObject({ kind: 'response', status: 302 });
    expect(inner.requests).toHaveLength(0);
    await inner.close();
  });

  test('a lookup that fails keeps its own code', async () => {
    const lookup: LookupFunction = (_hostname, _options, callback) =>
      callback(Object.assign(new Error('not found'), { code: 'ENOTFOUND' }), '', 0);
    expect(await send('http://gone.example/', { lookup })).toEqual({ kind: 'failure', code: 'ENOTFOUND' });
  });
});

describe('a proxy in the environment', () => {
  const VARIABLES = ['HTTP_PROXY', 'http_proxy', 'ALL_PROXY'];
  const before = VARIABLES.map((name) => process.env[name]);
  afterEach(() => {
    VARIABLES.forEach((name, index) => {
      const value = before[index];
      if (value === undefined) delete process.env[name];
      else process.env[name] = value;
    });
  });

  test('is ignored: behind it, the guard would see the proxy’s address only', async () => {
    for (const name of VARIABLES) process.env[name] = target.origin;
    const { lookup } = resolver(['10.0.0.1']);
    const result = await send('http://inner.example/', { allowCidrs: ['127.0.0.0/8'], lookup });
    expect(result).toEqual({ kind: 'failure', code: 'EGRESS_BLOCKED' });
    expect(target.requests).toHaveLength(0);
  });
});

test.each([
  ['Azure', '168.63.129.16'],
  ['Azure, mapped into IPv6', '::ffff:168.63.129.16'],
  ['Azure, by NAT64', '64:ff9b::a83f:8110'],
  ['Azure, by 6to4', '2002:a83f:8110::1'],
  ['AWS and most others', '169.254.169.254'],
  ['AWS by IPv6', 'fd00:ec2::254'],
  ['GCP by IPv6', 'fd20:ce::254'],
  ['Alibaba', '100.100.100.200'],
  ['Oracle', '192.0.0.192'],
])('the metadata service of %s is not public', (_name, address) => {
  expect(isAllowedAddress(address, [])).toBe(false);
});

test('isAllowedAddress: what is public and what is not', () => {
  const publicOnes = ['8.8.8.8', '93.184.216.34', '2606:4700::1', '::ffff:8.8.8.8'];
  const others = [
    '',
    'name',
    '0.1.2.3',
    '100.64.1.1',
    '198.18.0.1',
    '192.0.2.1',
    '224.0.0.1',
    '255.255.255.255',
    '4000::1',
    '::7f00:1',
    'fec0::1',
    '2001::1',
    '5f00::1',
    '100::1',
    '2001:db8::1',
  ];
  expect(publicOnes.filter((address) => !isAllowedAddress(address, []))).toEqual([]);
  expect(others.filter((address) => isAllowedAddress(address, []))).toEqual([]);
});
