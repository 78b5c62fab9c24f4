import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { automationConfigSchema } from '#automations';
import { criteriaSchema } from '#criteria';
import { readDocs } from './test/docs';

const root = path.join(__dirname, '..');
const docs = readDocs(root);

/** What a page names in backticks that looks like a place in this repository. */
function placesIn(text: string): string[] {
  const named = [...text.matchAll(/`((?:apps|packages|prisma|bench|scripts|tools|docs|deploy)\/[\w./-]+)`/g)];
  return named.flatMap(([, place]) => place ?? []);
}

test.each(docs)('$name names no file that is gone', ({ text }) => {
  expect(placesIn(text).filter((place) => !existsSync(path.join(root, place)))).toEqual([]);
});

test.each(docs)('$name links to nothing that is gone', ({ file, text }) => {
  const links = [...text.matchAll(/\]\((?!https?:|#)([^)#\s]+)(?:#[^)]*)?\)/g)].flatMap(
    ([, link]) => link ?? [],
  );
  expect(links.filter((link) => !existsSync(path.join(path.dirname(file), link)))).toEqual([]);
});

test.each(docs)('$name names only scripts that are there', ({ text }) => {
  const manifest = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8')) as {
    scripts: Record<string, string>;
  };
  const named = [...text.matchAll(/\bnpm run ([\w:-]+)/g)].flatMap(([, script]) => script ?? []);
  expect(named.filter((script) => manifest.scripts[script] === undefined)).toEqual([]);
});

test('every environment variable is told of in README, and none that does not exist', () => {
  const code = readFileSync(path.join(root, 'packages/runtime/env.ts'), 'utf8');
  const known = [...code.matchAll(/^ {2,4}([A-Z][A-Z0-9_]+):/gm)].flatMap(([, name]) => name ?? []);
  const readme = docs.find(({ name }) => name === 'README.md')?.text ?? '';
  const rows = readme.split('\n').filter((line) => /^\| `[A-Z_`, ]+/.test(line));
  const told = rows.flatMap((row) => [...(row.split('|')[1] ?? '').matchAll(/`([A-Z0-9_]+)`/g)]);
  expect(told.flatMap(([, name]) => name ?? []).sort()).toEqual([...new Set(known)].sort());
});

test('the figures of docs/limits.md are those of the code', () => {
  const text = docs.find(({ name }) => name === 'docs/limits.md')?.text ?? '';
  const told = [...text.matchAll(/`([A-Z][A-Z_]+)` ([\d,]+)/g)].map(
    ([, name = '', figure = '']) => `${name} = ${figure.replaceAll(',', '')}`,
  );
  const code = execFileSync(
    'git',
    ['grep', '-hE', '^(export )?const [A-Z_]+ = [0-9_]+;', '--', 'apps', 'packages'],
    {
      cwd: root,
      encoding: 'utf8',
    },
  );
  const known = [...code.matchAll(/const ([A-Z_]+) = ([\d_]+);/g)].map(
    ([, name = '', figure = '']) => `${name} = ${figure.replaceAll('_', '')}`,
  );
  expect(told.length).toBeGreaterThan(20);
  expect(told.filter((one) => !known.includes(one))).toEqual([]);
});

test.each(docs)('examples of criteria and automations in $name are taken by the schemas', ({ blocks }) => {
  for (const { language, kind, code } of blocks) {
    if (language !== 'json' || kind === null) continue;
    const schema = kind === 'criteria' ? criteriaSchema : automationConfigSchema;
    expect(schema.safeParse(JSON.parse(code)).error?.issues ?? []).toEqual([]);
  }
});

test('TypeScript in the pages compiles', () => {
  const folder = path.join(root, 'dist', 'docs-check');
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const examples = docs.flatMap(({ name, blocks }) =>
    blocks
      .filter(({ language, kind }) => language === 'ts' && kind !== 'shape')
      .map(({ code }, index) => ({ name: `${name.replaceAll(/\W/g, '-')}-${index}.ts`, code })),
  );
  // An example may await at its top: it is read as a module.
  for (const { name, code } of examples) writeFileSync(path.join(folder, name), `${code}\nexport {};\n`);
  writeFileSync(path.join(folder, 'package.json'), JSON.stringify({ type: 'module' }));
  const options = { extends: '../../tsconfig.json', include: ['*.ts'], exclude: [] };
  const strict = {
    noUnusedLocals: false,
    paths: { 'segment-engine/*': ['../../packages/*/index.ts'], '#*': ['../../packages/*/index.ts'] },
  };
  writeFileSync(
    path.join(folder, 'tsconfig.json'),
    JSON.stringify({ ...options, compilerOptions: { ...strict, rootDir: '../..' } }),
  );
  const compile = (): string =>
    execFileSync(path.join(root, 'node_modules', '.bin', 'tsc'), ['-p', folder], { encoding: 'utf8' });
  expect(readdirSync(folder).length).toBeGreaterThan(2);
  expect(compile()).toBe('');
  rmSync(folder, { recursive: true, force: true });
});
