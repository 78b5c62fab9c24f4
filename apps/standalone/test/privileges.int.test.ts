import { readdirSync, readFileSync } from 'node:fs';
import { queryOnce, useFolder, useProcesses, waitFor } from '#testkit';
import { freePort } from './harness';

jest.setTimeout(120_000);

const processes = useProcesses();
const folder = useFolder();
const isRoot = process.getuid?.() === 0;

type Child = { readonly name: string; readonly uid: number; readonly env: Readonly<Record<string, string>> };

function childrenOf(pid: number): Child[] {
  return readdirSync('/proc').flatMap((entry) => {
    try {
      const status = readFileSync(`/proc/${entry}/status`, 'utf8');
      if (!new RegExp(`^PPid:\\s+${pid}$`, 'm').test(status)) return [];
      const name = /apps\/(\w+)\/main\.js/.exec(readFileSync(`/proc/${entry}/cmdline`, 'utf8'))?.[1];
      if (name === undefined) return [];
      const pairs = readFileSync(`/proc/${entry}/environ`, 'utf8')
        .split('\0')
        .map((pair) => [pair.split('=')[0] ?? '', pair.slice(pair.indexOf('=') + 1)]);
      return [{ name, uid: Number(/^Uid:\s+(\d+)/m.exec(status)?.[1]), env: Object.fromEntries(pairs) }];
    } catch {
      return [];
    }
  });
}

test('npm start: children have no more rights and no more secrets than they need', async () => {
  const port = await freePort();
  const engine = processes.start('standalone', {
    ownGroup: true,
    env: {
      PORT: String(port),
      DATA_DIR: `${folder.path}/data`,
      ADMIN_API_KEYS: 'ops:admin-key',
      WRITE_KEYS: 'write-key',
      RESEND_API_KEY: 're_key',
      LOG_LEVEL: 'warn',
    },
  });
  await engine.waitForLine('Segment Engine runs', { timeoutMs: 60_000 });
  await waitFor(async () => (await fetch(`http://127.0.0.1:${port}/readyz`)).ok);

  const children = childrenOf(engine.pid);
  expect(children.map(({ name }) => name).toSorted()).toEqual(['api', 'dispatcher', 'worker']);
  const of = (name: string): Child['env'] => children.find((child) => child.name === name)?.env ?? {};
  for (const { uid } of children) {
    if (isRoot) expect(uid).not.toBe(0);
    else expect(uid).toBe(process.getuid?.());
  }
  expect(of('api')).toMatchObject({ ADMIN_API_KEYS: 'ops:admin-key', WRITE_KEYS: 'write-key' });
  for (const name of ['worker', 'dispatcher']) {
    expect(Object.keys(of(name))).not.toEqual(expect.arrayContaining(['ADMIN_API_KEYS']));
    expect(Object.keys(of(name))).not.toEqual(expect.arrayContaining(['WRITE_KEYS']));
  }
  expect(Object.keys(of('worker'))).not.toEqual(expect.arrayContaining(['SECRETS_KEY']));
  expect(Object.keys(of('worker'))).not.toEqual(expect.arrayContaining(['RESEND_API_KEY']));
  expect(of('dispatcher')['SECRETS_KEY']).toBe(of('api')['SECRETS_KEY']);
  expect(of('dispatcher')['SECRETS_KEY']).toHaveLength(44);

  const { DATABASE_URL = '' } = of('worker');
  expect(await queryOnce(DATABASE_URL, `SELECT rolsuper FROM pg_roles WHERE rolname = current_user`)).toBe(
    false,
  );

  const headers = { authorization: 'Bearer write-key', 'content-type': 'application/json' };
  const body = JSON.stringify({ event: 'e', userId: 'u' });
  const sent = await fetch(`http://127.0.0.1:${port}/api/growth/events`, { method: 'POST', headers, body });
  expect(sent.status).toBe(202);
  await waitFor(async () => {
    const person = await fetch(`http://127.0.0.1:${port}/api/growth/people/u`, {
      headers: { authorization: 'Bearer admin-key' },
    });
    return person.ok;
  });
  const page = await fetch(`http://127.0.0.1:${port}/admin/queues`, {
    headers: { authorization: 'Bearer admin-key' },
  });
  expect([page.status, page.headers.get('content-type')]).toEqual([200, 'text/html; charset=utf-8']);

  engine.signal('SIGTERM', 'group');
  expect(await engine.exit).toEqual({ code: 0, signal: null });
});
