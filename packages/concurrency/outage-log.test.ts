import { makeOutageLog } from './outage-log';

type Line = readonly [level: string, fields: object, text: string];

function recorded() {
  const lines: Line[] = [];
  const write = (level: string) => (fields: object, text: string) => void lines.push([level, fields, text]);
  const log = { debug: write('debug'), info: write('info'), warn: write('warn'), error: write('error') };
  return { lines, log };
}

beforeEach(() => jest.useFakeTimers());
afterEach(() => jest.useRealTimers());

const err = new Error('away');

test('an outage is told of now and then, and its end once', () => {
  const { lines, log } = recorded();
  const outage = makeOutageLog(log, { stage: 's' }, 'away: waiting');
  outage.worked();
  for (let second = 0; second < 15; second += 1) {
    outage.failed('outage', err);
    jest.advanceTimersByTime(1000);
  }
  const told: Line = ['warn', { stage: 's', err }, 'away: waiting'];
  expect(lines).toEqual([told, told]);
  outage.worked();
  outage.worked();
  expect(lines.slice(2)).toEqual([['info', { stage: 's' }, 'what was away is back']]);
  outage.failed('outage', err);
  expect(lines.slice(3)).toEqual([told]);
});

test('what does not pass is told each time, a conflict only to those who look for it', () => {
  const { lines, log } = recorded();
  const outage = makeOutageLog(log);
  for (const failure of ['bug', 'bug', 'data', 'conflict'] as const) outage.failed(failure, err);
  expect(lines.map(([level, fields]) => [level, fields])).toEqual([
    ['error', { failure: 'bug', err }],
    ['error', { failure: 'bug', err }],
    ['error', { failure: 'data', err }],
    ['debug', {}],
  ]);
});
