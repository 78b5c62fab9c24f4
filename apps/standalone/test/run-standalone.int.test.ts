import { once } from 'node:events';
import { createServer } from 'node:net';
import { freePort, isAlive, startRun, until, type Run, type Scenario } from './harness';

jest.setTimeout(40_000);

const runs: Run[] = [];

async function start(scenario?: Scenario): Promise<Run> {
  const run = await startRun(scenario);
  runs.push(run);
  return run;
}

async function startAndRun(scenario?: Scenario): Promise<Run> {
  const run = await start(scenario);
  await until('the banner', () => run.output().includes('runs'));
  return run;
}

const pidsOf = (run: Run): Promise<number[]> =>
  Promise.all(['api', 'worker', 'dispatcher'].map((name) => run.pidOf(name)));

const signalGroup = (run: Run, signal: NodeJS.Signals): void => {
  process.kill(-(run.process.pid ?? NaN), signal);
};

afterEach(() => {
  for (const run of runs.splice(0)) run.cleanUp();
});

const IN_ORDER = [
  'api draining',
  'api gone',
  'worker draining',
  'worker gone',
  'dispatcher draining',
  'dispatcher gone',
  'database stopped',
];

describe('stopping', () => {
  it.each(['SIGTERM', 'SIGINT'] as const)(
    'drains one after the other on %s and exits with 0',
    async (signal) => {
      const run = await startAndRun();
      run.process.kill(signal);
      expect(await run.end()).toBe(0);
      expect(run.events().slice(-IN_ORDER.length)).toEqual(IN_ORDER);
    },
  );

  it.each(['SIGTERM', 'SIGINT'] as const)(
    'does the same when %s reaches the whole group, twice',
    async (signal) => {
      const run = await startAndRun();
      signalGroup(run, signal);
      await run.event('api draining');
      signalGroup(run, signal);
      expect(await run.end()).toBe(0);
      expect(run.events().slice(-IN_ORDER.length)).toEqual(IN_ORDER);
      expect(run.hasProcesses()).toBe(false);
    },
  );

  it('kills a child that does not drain and lets the others drain', async () => {
    const run = await startAndRun({ modes: { api: 'hang' }, drainMs: 1_000 });
    run.process.kill('SIGTERM');
    expect(await run.end()).toBe(0);
    expect(run.events().slice(-5)).toEqual(IN_ORDER.slice(2));
    expect(run.output()).toContain('the api process did not drain in time');
    expect(run.hasProcesses()).toBe(false);
  });
});

describe('stopping during the start', () => {
  it('stops the database that was just starting, and starts nothing after it', async () => {
    const run = await start({ databaseStartMs: 500 });
    await run.event('database starting');
    signalGroup(run, 'SIGINT');
    expect(await run.end()).toBe(0);
    expect(run.events()).toEqual(['database starting', 'database stopped']);
  });

  it.each(['mute', 'raw'])('ends children that are not ready yet (%s)', async (mode) => {
    const run = await start({ modes: { api: mode, worker: mode, dispatcher: mode } });
    await pidsOf(run);
    run.process.kill('SIGINT');
    expect(await run.end()).toBe(0);
    expect(run.events().at(-1)).toBe('database stopped');
    expect(run.hasProcesses()).toBe(false);
    expect(run.output()).not.toContain('runs');
  });
});

describe('dying', () => {
  it('starts a child again that was killed, more slowly each time', async () => {
    const run = await startAndRun();
    process.kill(await run.pidOf('worker'), 'SIGKILL');
    process.kill(await run.pidOf('worker', 2), 'SIGKILL');
    await run.pidOf('worker', 3);
    await until('the log', () => run.output().includes('"delayMs":400'));
    expect(run.output()).toContain('the worker process was killed by SIGKILL; starting it again');
    run.process.kill('SIGTERM');
    expect(await run.end()).toBe(0);
    expect(run.events().filter((event) => event.startsWith('api started'))).toHaveLength(1);
  });

  it('leaves no child behind when it is killed itself', async () => {
    const run = await startAndRun();
    const pids = await pidsOf(run);
    run.process.kill('SIGKILL');
    expect(await run.end()).toBe('SIGKILL');
    await until('the children to be gone', () => !pids.some(isAlive));
    expect(run.events().filter((event) => event.endsWith('orphaned'))).toHaveLength(3);
  });

  it('gives up with 1 when a child exits before it was ever ready', async () => {
    const run = await start({ modes: { worker: 'fail' } });
    expect(await run.end()).toBe(1);
    expect(run.output()).toContain('The worker process exited with 3 before it was ready');
    expect(run.events().at(-1)).toBe('database stopped');
    expect(run.hasProcesses()).toBe(false);
  });
});

describe('the port', () => {
  it('is waited for while the last run drains', async () => {
    const port = await freePort();
    const server = createServer().listen(port, '127.0.0.1');
    await once(server, 'listening');
    const run = await start({ port });
    await until('the note', () => run.output().includes(`port ${port} is taken; waiting`));
    expect(run.events()).toEqual([]);
    server.close();
    await until('the banner', () => run.output().includes('runs'));
  });

  it('is given up after a while, with 1 and a message', async () => {
    const port = await freePort();
    const server = createServer().listen(port, '127.0.0.1');
    await once(server, 'listening');
    const run = await start({ port });
    expect(await run.end()).toBe(1);
    expect(run.output()).toContain(`Port ${port} on 127.0.0.1 is taken by another program`);
    expect(run.events()).toEqual([]);
    server.close();
  });
});
