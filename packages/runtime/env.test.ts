import { EnvError, parseEnv } from './env';

describe('the environment', () => {
  test('names a replica for long reads, or none', () => {
    const url = 'postgresql://reader@replica:5432/segment_engine';
    expect(parseEnv({ DATABASE_REPLICA_URL: url }).DATABASE_REPLICA_URL).toBe(url);
    expect(parseEnv({ DATABASE_REPLICA_URL: '' }).DATABASE_REPLICA_URL).toBeUndefined();
  });

  test('refuses what is no URL of a database, by the name of the variable', () => {
    const parse = () => parseEnv({ DATABASE_REPLICA_URL: 'replica:5432' });
    expect(parse).toThrow(EnvError);
    expect(parse).toThrow('DATABASE_REPLICA_URL: must be a URL that begins with postgresql://');
  });
});
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

test('takes numbers of days for what is kept, and refuses what is none by the name of its variable', () => {
  expect(parseEnv({})).toMatchObject({ DELIVERY_RETENTION_DAYS: 90 });
  expect(parseEnv({}).EVENT_RETENTION_DAYS).toBeUndefined();
  expect(parseEnv({ EVENT_RETENTION_DAYS: '36500', DELIVERY_RETENTION_DAYS: '1' })).toMatchObject({
    EVENT_RETENTION_DAYS: 36_500,
    DELIVERY_RETENTION_DAYS: 1,
  });
  for (const days of ['0', '-1', '1.5', '36501', '1e3', 'never', '30d']) {
    for (const name of ['EVENT_RETENTION_DAYS', 'DELIVERY_RETENTION_DAYS'])
      expect(() => parseEnv({ [name]: days })).toThrow(`${name}: must be a number of days from 1 to 36500`);
  }
});
