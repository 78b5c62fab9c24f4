import { writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import path from 'node:path';
import { makeClient } from '#client';
import { useDatabase, useFolder, useProcesses, waitFor } from '#testkit';
import { readOptions } from '../options';
import { replay } from '../replay';

const database = useDatabase();
const folder = useFolder();
const processes = useProcesses();

const CUSTOMERS = 40;
const DAYS = 5;

/** Customer n buys on n % 5 + 1 days, and on the first of them twice the same. */
function purchases(): string {
  const rows = Array.from({ length: CUSTOMERS }, (_none, index) => {
    const customer = String(index).padStart(4, '0');
    const row = (day: number): string => ` ${customer}  1998060${day}  1  11.77\r\n`;
    const days = Array.from({ length: (index % DAYS) + 1 }, (_day, day) => row(day + 1));
    return [row(1), ...days].join('');
  });
  return ` customer  day  cds  dollars\r\n${rows.join('')}`;
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  return typeof address === 'object' && address !== null ? address.port : 0;
}

it('sends a history to real processes; sending it again changes nothing', async () => {
  const url = `http://127.0.0.1:${await freePort()}`;
  const env = {
    PORT: new URL(url).port,
    DATABASE_URL: database.url,
    WRITE_KEYS: 'write',
    ADMIN_API_KEYS: 'admin',
    LOG_LEVEL: 'info',
  };
  const [api, worker] = [processes.start('api', { env }), processes.start('worker', { env })];
  await Promise.all([api.waitForLine('listening'), worker.waitForLine('working')]);
  const client = makeClient({ baseUrl: url, adminKey: 'admin' });
  const definitions = {
    three: { events: [{ eventName: 'payment_completed', count: { min: 3 } }] },
    days: { features: { activeDays: { min: 3 } } },
  };
  for (const [name, criteria] of Object.entries(definitions)) await client.createSegment({ name, criteria });

  const file = path.join(folder.path, 'purchases.txt');
  writeFileSync(file, purchases());
  const flags = '--event payment_completed --user customer --time day --shift-to-now --batch 7 --key write';
  const send = async (): Promise<{ code: number; said: string; counts: unknown; events: unknown }> => {
    let said = '';
    const io = { out: (text: string) => void (said += text), screen: { write: () => {} } };
    const options = readOptions([file, '--url', url, ...flags.split(' ')], {});
    if (options === 'help') throw new Error('not asked for');
    const code = await replay(options, io);
    const isIdle = async (): Promise<boolean> =>
      (await client.getQueues()).queues.every(({ waiting, active }) => waiting + active === 0);
    await waitFor(isIdle, { what: 'the end of the work' });
    const { segments } = await client.listSegments();
    const counts = Object.fromEntries(segments.map(({ name, memberCount }) => [name, memberCount]));
    const { events } = await client.listPersonEvents('0004');
    return { code, said, counts, events };
  };

  const first = await send();
  const total = CUSTOMERS * 4;
  expect(first.said).toContain(`${total} events from `);
  expect(first.said).toContain(`sent ${total} events`);
  // With the repeated purchase, two days or more are three events or more.
  expect([first.code, first.counts]).toEqual([0, { three: 32, days: 24 }]);
  const yesterday = new Date(Date.now() - 86_400_000).toISOString().slice(0, 10);
  expect(first.events).toHaveLength(6);
  expect(first.events).toMatchObject([
    {
      event: 'payment_completed',
      timestamp: `${yesterday}T00:00:00.000Z`,
      properties: { cds: 1, dollars: 11.77 },
    },
    {},
    {},
    {},
    {},
    {},
  ]);

  const second = await send();
  expect(second).toEqual({ ...first, said: expect.stringContaining(`sent ${total} events`) });
}, 60_000);
