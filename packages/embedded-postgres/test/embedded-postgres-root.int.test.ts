import { chmodSync, chownSync, existsSync, mkdirSync, rmSync, statSync } from 'node:fs';
import path from 'node:path';
import { queryOnce, useEmbeddedPostgres } from '#testkit';

jest.setTimeout(60_000);

const servers = useEmbeddedPostgres();
const isRoot = process.getuid?.() === 0;
const NOBODY = 65_534;

(isRoot ? describe : describe.skip)('started by root', () => {
  test('an ordinary account runs it just as well, and root takes its data over', async () => {
    const home = path.join(servers.folder.path, 'of-nobody');
    mkdirSync(home);
    chownSync(home, NOBODY, NOBODY);
    const { report, ...owner } = await servers.startElsewhere({ uid: NOBODY, folder: home });
    expect(statSync(path.join(report.folder, 'data')).uid).toBe(NOBODY);
    await queryOnce(report.url, 'CREATE TABLE kept AS SELECT 7 AS n');
    await owner.stop();

    const asRoot = await servers.start({ folder: home });
    expect(asRoot.url).toBe(report.url);
    expect(await queryOnce(asRoot.url, 'SELECT n FROM kept')).toBe(7);
  });

  test('from a folder that only root can enter: data go elsewhere and are found again', async () => {
    const closed = path.join(servers.folder.path, 'closed');
    mkdirSync(path.join(closed, 'project'), { recursive: true });
    chmodSync(closed, 0o700);
    const notes: string[] = [];
    const options = {
      folder: path.join(closed, 'project', '.data'),
      note: (line: string) => notes.push(line),
    };
    const first = await servers.start(options);
    try {
      expect(first.folder).toMatch(/^\/var\/lib\/segment-engine\//);
      expect(notes.join('\n')).toContain(first.folder);
      await queryOnce(first.url, 'CREATE TABLE kept AS SELECT 7 AS n');
      await servers.stop();
      const again = await servers.start(options);
      expect(again.url).toBe(first.url);
      expect(await queryOnce(again.url, 'SELECT n FROM kept')).toBe(7);
      await servers.stop();

      // The folder is opened later: the data stay where they are.
      chmodSync(closed, 0o755);
      const opened = await servers.start(options);
      expect(await queryOnce(opened.url, 'SELECT n FROM kept')).toBe(7);
      await servers.stop();
    } finally {
      rmSync(first.folder, { recursive: true, force: true });
    }
    expect(existsSync(first.folder)).toBe(false);
  });
});
