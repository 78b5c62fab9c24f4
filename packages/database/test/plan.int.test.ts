import { Client } from 'pg';
import { EnvError } from '#runtime';
import { pgBouncer, startPgBouncer, useEmbeddedPostgres } from '#testkit';
import { planConnections } from '../connection/plan';

jest.setTimeout(60_000);

const servers = useEmbeddedPostgres();

async function roleOf(url: string, limit = -1): Promise<string> {
  const client = new Client({ connectionString: url });
  await client.connect();
  await client.query(`CREATE ROLE app LOGIN PASSWORD 'app' CONNECTION LIMIT ${limit}`);
  await client.end();
  const app = new URL(url);
  app.username = 'app';
  app.password = 'app';
  return app.href;
}

test('a server of 12 connections: with Redis pools that fit, and how many are wanted; else a refusal', async () => {
  const { adminUrl: url } = await servers.start({ settings: { fsync: 'off', max_connections: '12' } });
  const databaseUrl = await roleOf(url);
  const { sizes, notes } = await planConnections('worker', { databaseUrl, queueUrl: null });
  expect(sizes).toEqual({ main: 2, reads: 0, probe: 0, queue: 0 });
  expect(notes).toEqual([expect.stringMatching(/takes 9 connections.*wants 37.*raise max_connections/)]);

  const inPostgres = planConnections('worker', { databaseUrl, queueUrl: databaseUrl });
  await expect(inPostgres).rejects.toThrow(EnvError);
  await expect(inPostgres).rejects.toThrow(/takes 9 connections.*needs at least 24 and wants 67.*REDIS_URL/);
});

test('the limits of the role and of the URL count, and enough of all needs no word', async () => {
  const { adminUrl: url } = await servers.start();
  const databaseUrl = await roleOf(url, 40);
  const ofRole = await planConnections('api', { databaseUrl, queueUrl: databaseUrl });
  expect(ofRole.notes).toEqual([expect.stringContaining('takes 40 connections')]);
  expect(ofRole.sizes.main).toBeLessThan(8);

  const limited = `${databaseUrl}?connection_limit=7`;
  const ofUrl = await planConnections('api', { databaseUrl: limited, queueUrl: null });
  expect(ofUrl.sizes).toMatchObject({ main: 3, reads: 2, probe: 1 });
  expect(ofUrl.notes).toContain('connection_limit=7: the api process wants 15 connections');

  const full = await planConnections('api', { databaseUrl: url, queueUrl: url });
  expect(full).toEqual({ sizes: { main: 8, reads: 6, probe: 1, queue: 8 }, notes: [] });
});

test('a database that is away is taken to have enough', async () => {
  const databaseUrl = 'postgresql://u:p@127.0.0.1:1/db';
  const { sizes, notes } = await planConnections('dispatcher', { databaseUrl, queueUrl: databaseUrl });
  expect(sizes).toEqual({ main: 8, reads: 0, probe: 0, queue: 11 });
  expect(notes).toEqual([]);
});

const program = pgBouncer();
(program === undefined ? describe.skip : describe)('behind PgBouncer', () => {
  test('in transaction mode', async () => {
    const { adminUrl: url } = await servers.start();
    const bouncer = await startPgBouncer(program ?? '', url, 'transaction');
    try {
      const both = planConnections('worker', { databaseUrl: bouncer.url, queueUrl: bouncer.url });
      await expect(both).rejects.toThrow(
        /^QUEUE_DATABASE_URL: .*set it to a direct address, or set REDIS_URL$/,
      );
      const direct = await planConnections('worker', { databaseUrl: bouncer.url, queueUrl: url });
      expect(direct.sizes).toEqual({ main: 13, reads: 0, probe: 0, queue: 11 });
      expect(direct.notes).toEqual([expect.stringContaining(`SET plan_cache_mode = 'force_generic_plan'`)]);
    } finally {
      await bouncer.stop();
    }
  });
});
