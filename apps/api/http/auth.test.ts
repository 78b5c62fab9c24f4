import { credentialsOf, makeKeyRing } from './auth';
import { isLoopbackHost } from './same-origin';

const basic = (text: string): string => `Basic ${Buffer.from(text).toString('base64')}`;

describe('makeKeyRing', () => {
  it('accepts its keys and no others', () => {
    const ring = makeKeyRing([
      { name: 'first', key: 'one' },
      { name: 'second', key: 'two' },
    ]);
    expect(ring.isOpen).toBe(false);
    expect(['one', 'two', 'three', '', 'on', 'one ', 'first'].map(ring.nameOf)).toEqual([
      'first',
      'second',
      null,
      null,
      null,
      null,
      null,
    ]);
  });

  it('is open without keys', () => {
    expect(makeKeyRing([]).isOpen).toBe(true);
  });
});

describe('credentialsOf', () => {
  it.each([
    ['a bearer token', 'Bearer abc', ['abc']],
    ['a bearer token in lower case', 'bearer abc', ['abc']],
    ['a Basic user name without a password', basic('key:'), ['key']],
    ['a Basic user name and password', basic('user:pass:word'), ['user', 'pass:word']],
    ['Basic without a colon', basic('key'), ['key']],
    ['nothing', undefined, []],
    ['an empty header', '', []],
    ['another scheme', 'Digest abc', []],
    ['two tokens', 'Bearer a b', []],
    ['an empty Basic', basic(':'), []],
  ])('reads %s', (_what, header, keys) => {
    expect(credentialsOf(header)).toEqual(keys);
  });
});

describe('isLoopbackHost', () => {
  it.each([
    'localhost',
    'localhost:3000',
    'console.localhost',
    '127.0.0.1:3000',
    '127.1.2.3',
    '[::1]:3000',
    undefined,
  ])('takes %s', (host) => {
    expect(isLoopbackHost(host)).toBe(true);
  });

  it.each([
    'example.com',
    'localhost.example.com',
    '127.0.0.1.example.com',
    'evil:3000',
    '192.168.0.1',
    '[::2]',
  ])('refuses %s', (host) => {
    expect(isLoopbackHost(host)).toBe(false);
  });
});
