import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';

// The linter holds the table where it reads an import's text. This test resolves every import, types included.

type Rules = {
  readonly PACKAGES: Readonly<
    Record<string, { readonly imports: readonly string[]; readonly pure?: readonly string[] }>
  >;
  readonly TEST_PACKAGE: string;
  readonly APPS: readonly string[];
  readonly OWNERS: readonly { readonly npm: readonly string[]; readonly folders: readonly string[] }[];
};

type Import = { readonly from: string; readonly specifier: string };

const root = path.join(__dirname, '..');

function readRules(): Rules {
  const url = pathToFileURL(path.join(__dirname, 'import-rules.mjs')).href;
  const code = `import(${JSON.stringify(url)}).then((rules) => console.log(JSON.stringify(rules)))`;
  return JSON.parse(execFileSync(process.execPath, ['-e', code], { encoding: 'utf8' })) as Rules;
}

const { PACKAGES, TEST_PACKAGE, APPS, OWNERS } = readRules();

const isTest = (file: string): boolean =>
  /\.test\.tsx?$|(^|\/)test\//.test(file) || file.startsWith(`packages/${TEST_PACKAGE}/`);

const files = ['packages', 'apps']
  .flatMap((folder) =>
    readdirSync(path.join(root, folder), { recursive: true, encoding: 'utf8' }).map(
      (file) => `${folder}/${file.replaceAll(path.sep, '/')}`,
    ),
  )
  .filter((file) => /\.tsx?$/.test(file) && !/\/(generated|node_modules)\//.test(file));

function importsOf(file: string): Import[] {
  const text = readFileSync(path.join(root, file), 'utf8');
  const found = text.matchAll(
    /^(?:import|export)(?: type)? (?:[\w*]+(?: as \w+)?(?:, )?)?(?:\{[^}]*\})?(?: from )?'([^']+)';/gm,
  );
  const dynamic = text.matchAll(/\bimport\(\s*['"]([^'"]+)['"]\s*\)/g);
  return [...found, ...dynamic].flatMap(([, specifier]) =>
    specifier === undefined ? [] : [{ from: file, specifier }],
  );
}

const known = new Set(files);

/** The file of the repository that an import means; null for npm packages and Node's own. */
function targetOf({ from, specifier }: Import): string | null {
  if (specifier.startsWith('#')) return `packages/${specifier.slice(1)}/index.ts`;
  if (!specifier.startsWith('.')) return null;
  const base = path.posix.join(path.posix.dirname(from), specifier).replace(/\.js$/, '');
  const target = [`${base}.ts`, `${base}.tsx`, `${base}/index.ts`, base].find((one) => known.has(one));
  return target ?? base;
}

const packageOf = (file: string): string | null => /^packages\/([^/]+)\//.exec(file)?.[1] ?? null;
const appOf = (file: string): string | null => /^apps\/([^/]+)\//.exec(file)?.[1] ?? null;
const placeOf = (file: string): string => file.split('/').slice(0, 2).join('/');

const imports = files.flatMap(importsOf);
const production = imports.filter(({ from }) => !isTest(from));

test('the table names every package and app that is there', () => {
  const folders = new Set(files.map(placeOf));
  const named = [...Object.keys(PACKAGES), TEST_PACKAGE].map((name) => `packages/${name}`);
  const apps = APPS.map((name) => `apps/${name}`);
  expect([...folders].filter((folder) => ![...named, ...apps].includes(folder))).toEqual([]);
  expect(named.filter((folder) => !folders.has(folder))).toEqual([]);
});

test('every package imports only what the table allows', () => {
  const wrong = production.filter((one) => {
    const [own, target] = [packageOf(one.from), targetOf(one)];
    if (own === null || target === null) return false;
    if (appOf(target) !== null) return true;
    const other = packageOf(target);
    return other !== null && other !== own && PACKAGES[own]?.imports.includes(other) !== true;
  });
  expect(wrong).toEqual([]);
});

test('no app imports another, nothing but a test imports the testkit, and packages are entered by their index', () => {
  const wrong = imports.filter((one) => {
    const target = targetOf(one);
    if (target === null || placeOf(target) === placeOf(one.from)) return false;
    if (packageOf(target) === TEST_PACKAGE) return !isTest(one.from);
    if (isTest(one.from)) return false;
    return appOf(target) !== null || !/^packages\/[^/]+\/index\.ts$/.test(target);
  });
  expect(wrong).toEqual([]);
});

test('an npm package with an owner is imported by its owner alone, and a pure package imports what is named', () => {
  const wrong = production.filter(({ from, specifier }) => {
    if (/^[.#]/.test(specifier)) return false;
    const pure = PACKAGES[packageOf(from) ?? '']?.pure;
    if (pure !== undefined) return !pure.includes(specifier);
    const owner = OWNERS.find(({ npm }) =>
      npm.some((name) => new RegExp(`^${name.replace('*', '[^/]*')}(/|$)`).test(specifier)),
    );
    return owner !== undefined && !owner.folders.includes(placeOf(from));
  });
  expect(wrong).toEqual([]);
});

/** Files that import each other in a circle, as strongly connected parts (Tarjan). */
function circles(): string[][] {
  const edges = new Map<string, string[]>();
  for (const one of imports) {
    const target = targetOf(one);
    if (target !== null) edges.set(one.from, [...(edges.get(one.from) ?? []), target]);
  }
  const index = new Map<string, number>();
  const low = new Map<string, number>();
  const stack: string[] = [];
  const found: string[][] = [];
  const visit = (file: string): number => {
    const mine = index.size;
    index.set(file, mine);
    low.set(file, mine);
    stack.push(file);
    for (const next of edges.get(file) ?? []) {
      const reached = index.has(next)
        ? stack.includes(next)
          ? (index.get(next) ?? mine)
          : mine
        : visit(next);
      low.set(file, Math.min(low.get(file) ?? mine, reached));
    }
    const lowest = low.get(file) ?? mine;
    if (lowest === mine) {
      const part = stack.splice(stack.indexOf(file));
      if (part.length > 1) found.push(part);
    }
    return lowest;
  };
  for (const file of files) if (!index.has(file)) visit(file);
  return found;
}

test('no files import each other in a circle, types included', () => {
  expect(circles()).toEqual([]);
});
