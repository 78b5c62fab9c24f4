import { readOptions } from './options';

it('has defaults for everything but the file', () => {
  expect(readOptions(['events.ndjson'], {})).toEqual({
    file: 'events.ndjson',
    url: 'http://127.0.0.1:3000',
    key: undefined,
    format: 'auto',
    hasHeader: true,
    columns: undefined,
    mapping: undefined,
    shiftToNow: false,
    batchMax: 500,
    concurrency: 4,
    limit: Infinity,
    dryRun: false,
  });
});

it('takes URL and key from the environment, and from the flags before that', () => {
  const env = { SEGMENT_ENGINE_URL: 'http://a:1', SEGMENT_ENGINE_WRITE_KEY: 'k' };
  expect(readOptions(['f'], env)).toMatchObject({ url: 'http://a:1', key: 'k' });
  expect(readOptions(['f', '--url', 'https://b', '--key', 'l'], env)).toMatchObject({
    url: 'https://b',
    key: 'l',
  });
});

it('understands the mapping', () => {
  const flags = [
    '--event',
    'e',
    '--user',
    'u',
    '--property',
    'a=b=c',
    '--property',
    'd',
    '--trait',
    'email=mail',
  ];
  expect(readOptions(['f', ...flags, '--columns', 'u, d'], {})).toMatchObject({
    hasHeader: false,
    columns: ['u', 'd'],
    mapping: {
      event: { name: 'e' },
      user: 'u',
      time: 'timestamp',
      properties: new Map([
        ['a', 'b=c'],
        ['d', 'd'],
      ]),
      traits: new Map([['email', 'mail']]),
    },
  });
});

it.each([
  [[], 'one FILE is expected, not 0'],
  [['a', 'b'], 'one FILE is expected, not 2'],
  [['f', '--colums', 'a'], '--colums'],
  [['f', '--batch', '1001'], '--batch must be a whole number from 1 to 1000, not "1001"'],
  [['f', '--concurrency', '0'], '--concurrency must be'],
  [['f', '--limit', 'ten'], '--limit must be a whole number from 1, not "ten"'],
  [['f', '--format', 'xml'], '--format must be'],
  [['f', '--url', 'localhost:3000'], '--url must be'],
  [['f', '--trait', '=mail'], '--trait takes name=COLUMN'],
  [['f', '--columns', 'a,,b'], '--columns takes different names'],
  [['f', '--event', 'a', '--event-column', 'b'], 'exclude each other'],
])('refuses %j', (args, message) => {
  expect(() => readOptions(args, {})).toThrow(message);
});

it('gives help before it asks for anything', () => {
  expect(readOptions(['--help'], {})).toBe('help');
});
