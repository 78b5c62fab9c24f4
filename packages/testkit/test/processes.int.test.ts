import { useProcesses, waitFor } from '#testkit';

jest.setTimeout(60_000);

const processes = useProcesses();
let leftBehind = 0;

test('a process is followed to its end', async () => {
  const worker = processes.start('worker');
  expect(await worker.waitForLine(/DATABASE_URL/)).toMatch(/must be set/);
  expect(await worker.exit).toEqual({ code: 1, signal: null });
});

test('a line that never comes is reported with what came', async () => {
  const worker = processes.start('worker', { env: { WORKER_STAGES: 'laundry' } });
  await expect(worker.waitForLine('all clean')).rejects.toThrow(/ended \(1\)[^]*WORKER_STAGES/);
});

test('signals', async () => {
  const worker = processes.start('worker', { ownGroup: true });
  worker.signal('SIGKILL', 'group');
  expect(await worker.exit).toEqual({ code: null, signal: 'SIGKILL' });
  expect(() => processes.start('worker').signal('SIGTERM', 'group')).toThrow(/ownGroup/);
});

test('a process that a test leaves behind', () => {
  const worker = processes.start('worker');
  worker.signal('SIGSTOP');
  leftBehind = worker.pid;
});

test('is ended after the test', async () => {
  await waitFor(() => {
    try {
      return !process.kill(leftBehind, 0);
    } catch {
      return true;
    }
  });
});
