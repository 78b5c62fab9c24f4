import { Redis } from 'ioredis';
import { Client } from 'pg';
import { closeAtEnd, queueBackends, useDatabase, waitFor } from '#testkit';

describe.each(queueBackends)('services on $name', ({ name, useServices }) => {
  const services = useServices();

  test('each block gets a database of its own', async () => {
    const client = new Client({ connectionString: services.databaseUrl });
    await client.connect();
    closeAtEnd(() => client.end());
    await client.query('CREATE TABLE only_here (n int)');
  });

  test(name === 'redis' ? 'a Redis that persists and never evicts' : 'no Redis', async () => {
    if (services.redisUrl === undefined) return expect(name).toBe('postgres');
    const redis = new Redis(services.redisUrl);
    closeAtEnd(() => redis.quit());
    expect(await redis.dbsize()).toBe(0);
    await redis.set('left', 'behind');
    expect(await redis.config('GET', 'maxmemory-policy')).toEqual(['maxmemory-policy', 'noeviction']);
    expect(await redis.config('GET', 'appendonly')).toEqual(['appendonly', 'yes']);
  });
});

describe('waitFor', () => {
  test('gives back what the condition found', async () => {
    let looks = 0;
    expect(await waitFor(() => (++looks === 3 ? 'found' : undefined), { intervalMs: 1 })).toBe('found');
  });

  test('says what it waited for and why it was not there', async () => {
    const look = () => {
      throw new Error('not yet');
    };
    await expect(waitFor(look, { timeoutMs: 5, intervalMs: 1, what: 'Godot' })).rejects.toThrow(
      /Godot.*not yet/,
    );
  });
});

describe('a url', () => {
  const database = useDatabase();
  const early = (): string => database.url;
  test('is there in tests, not before', () => expect(early()).toMatch(/^postgresql:.*\/test_/));
});
