import { execFile } from 'node:child_process';
import { createServer } from 'node:net';
import path from 'node:path';
import { promisify } from 'node:util';
import { queueBackends, useProcesses, waitFor } from '#testkit';
import { readDocs } from './test/docs';

jest.setTimeout(120_000);

const run = promisify(execFile);
const pages = readDocs(path.join(__dirname, '..'));

/** The commands of a page that talk to the engine, in their order. */
function requestsOf(text: string, url: string): string[] {
  const blocks = [...text.matchAll(/^```sh\n([\s\S]*?)^```$/gm)].flatMap(([, code]) => code ?? []);
  const commands = blocks.flatMap((code) => code.split(/\n\n+/)).filter((code) => code.includes('curl -s'));
  return commands.map((code) =>
    code.replaceAll('http://127.0.0.1:3000', url).replaceAll('curl -s', 'curl -sS --fail-with-body'),
  );
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}

const postgres = queueBackends.find(({ name }) => name === 'postgres');
if (postgres === undefined) throw new Error('no backend');

describe('the commands of the pages', () => {
  const services = postgres.useServices();
  const processes = useProcesses();

  test('work as they stand, one after the other', async () => {
    const port = await freePort();
    const url = `http://127.0.0.1:${port}`;
    const env = { DATABASE_URL: services.databaseUrl, PORT: String(port), LOG_LEVEL: 'error' };
    processes.start('api', { env });
    processes.start('worker', { env });
    const isUp = (): Promise<boolean> =>
      fetch(`${url}/readyz`).then(
        ({ ok }) => ok,
        () => false,
      );
    await waitFor(isUp, { timeoutMs: 60_000, what: 'the engine' });
    const isIdle = async (): Promise<boolean> => {
      const answer = await fetch(`${url}/api/growth/queues`);
      const { queues } = (await answer.json()) as { queues: { waiting: number; active: number }[] };
      return queues.every(({ waiting, active }) => waiting + active === 0);
    };
    const commands = pages.flatMap(({ text }) => requestsOf(text, url));
    expect(commands.length).toBeGreaterThanOrEqual(6);
    const outputs: string[] = [];
    for (const command of commands) {
      const { stdout } = await run('bash', ['-euc', command]);
      outputs.push(stdout);
      await waitFor(isIdle, { timeoutMs: 30_000, what: 'idle queues' });
    }
    // The tour of README: the person is in the segment, and then left it.
    const person = outputs.find((output) => output.includes('"memberships":[{'));
    expect(person).toContain('Trial users who viewed pricing');
    expect(outputs.find((output) => output.startsWith('{"segments"'))).toContain('"memberCount":0');
  });
});
