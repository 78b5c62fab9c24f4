import { EnvError, parseEnv } from './env';

test('takes a timetable in cron, with or without seconds, and none', () => {
  expect(parseEnv({ EVALUATION_CRON: '0 3 * * *' }).EVALUATION_CRON).toBe('0 3 * * *');
  expect(parseEnv({ EVALUATION_CRON: '*/30 0 3 * * 1-5' }).EVALUATION_CRON).toBe('*/30 0 3 * * 1-5');
  expect(parseEnv({ EVALUATION_CRON: '' }).EVALUATION_CRON).toBeUndefined();
  expect(parseEnv({}).EVALUATION_CRON).toBeUndefined();
});

test.each(['daily', '61 * * * *', '0 3 * *', '*', '0 0 31 2 *', '* * * * * * *'])(
  'refuses the timetable %j by the name of its variable',
  (cron) => {
    expect(() => parseEnv({ EVALUATION_CRON: cron })).toThrow(EnvError);
    expect(() => parseEnv({ EVALUATION_CRON: cron })).toThrow(/EVALUATION_CRON: must be a cron expression/);
  },
);
