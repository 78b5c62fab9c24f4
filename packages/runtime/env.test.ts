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
