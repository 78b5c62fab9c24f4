import path from 'node:path';
import { gzipSync } from 'node:zlib';
import { build } from 'esbuild';

const ROOT = path.join(__dirname, '../..');

/** The index of a package as a browser gets it, minified. Fails where something is imported that no browser has. */
async function bundleOf(name: string): Promise<string> {
  const { outputFiles, warnings } = await build({
    entryPoints: [path.join(ROOT, `packages/${name}/index.ts`)],
    absWorkingDir: ROOT,
    conditions: ['source', 'browser'],
    platform: 'browser',
    format: 'esm',
    target: 'es2022',
    bundle: true,
    minify: true,
    write: false,
    logLevel: 'silent',
  });
  expect(warnings).toEqual([]);
  return outputFiles.map(({ text }) => text).join('');
}

test.each(['criteria', 'events', 'automations', 'api-schemas', 'client'])(
  '%s loads in a browser: nothing of Node is in it',
  async (name) => {
    const text = await bundleOf(name);
    expect(text.length).toBeGreaterThan(1_000);
    expect(text).not.toMatch(/["'`]node:|\brequire\(|\bprocess\.|\bBuffer\b/);
  },
);

test('the client is small: it takes no schema along', async () => {
  const text = await bundleOf('client');
  expect(gzipSync(text).length).toBeLessThan(10_000);
  expect(text).not.toContain('strictObject');
});
