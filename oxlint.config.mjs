import { existsSync, readdirSync } from 'node:fs';
import { APPS, OWNERS, PACKAGES, TEST_PACKAGE } from './tools/import-rules.mjs';

// JavaScript configuration is experimental in oxlint: it is named by `-c` in the script `lint`.

const names = [...Object.keys(PACKAGES), TEST_PACKAGE];
const oneOf = (list) => `(${list.join('|')})`;
/** Other packages by their paths; the folders of a package may be called like another one. */
function byIndex(folder) {
  const own = existsSync(folder) ? readdirSync(folder) : [];
  return {
    regex: `^(\\.\\./)+(packages/)?${oneOf(names.filter((name) => !own.includes(name)))}(/|$)`,
    message: 'Enter a package through its index: #name.',
  };
}
const apps = (message) => ({ regex: `^(\\.\\./)+(apps/)?${oneOf(APPS)}(/|$)`, message });
const testkit = { group: [`#${TEST_PACKAGE}`], message: 'The testkit is for tests and benchmarks.' };

/** What a folder may not import. */
function restricted(folder, patterns) {
  const foreign = OWNERS.filter(({ folders }) => !folders.includes(folder));
  const npm = foreign.map(({ npm: group, message }) => ({ group, message }));
  return ['error', { patterns: [...npm, testkit, byIndex(folder), ...patterns] }];
}

const imports = Object.entries(PACKAGES)
  .filter(([, { pure }]) => pure === undefined)
  .map(([name, { imports: allowed }]) => {
    const group = Object.keys(PACKAGES)
      .filter((other) => other !== name && !allowed.includes(other))
      .map((other) => `#${other}`);
    const folder = `packages/${name}`;
    const others = { group, message: 'Imports run one way: see PACKAGES in tools/import-rules.mjs.' };
    const patterns = [others, apps('A package does not know the apps.')];
    return { files: [`${folder}/**`], rules: { 'no-restricted-imports': restricted(folder, patterns) } };
  });

const appImports = APPS.map((name) => {
  const folder = `apps/${name}`;
  const patterns = [apps('No app imports another: what two of them need is a package.')];
  return { files: [`${folder}/**`], rules: { 'no-restricted-imports': restricted(folder, patterns) } };
});

const impure = {
  process: 'take it as a parameter.',
  fetch: 'it does no I/O.',
  Buffer: 'it runs in a browser.',
  setTimeout: 'it does not wait.',
  setInterval: 'it does not wait.',
  crypto: 'take ids as a parameter.',
  performance: 'instants are parameters, in whole epoch milliseconds.',
  require: 'it imports its own files.',
};

const pure = Object.entries(PACKAGES).flatMap(([name, { imports: allowed, pure: npm }]) => {
  if (npm === undefined) return [];
  const own = [...npm, ...allowed.map((other) => `#${other}`)];
  const message = `This package is pure: it imports ${own.join(', ')} and its own files, nothing else.`;
  return {
    files: [`packages/${name}/**`],
    rules: {
      'no-restricted-imports': [
        'error',
        {
          patterns: [
            { group: ['*', ...['./**', '../**', ...own].map((one) => `!${one}`)], message },
            byIndex(`packages/${name}`),
          ],
        },
      ],
      'no-restricted-globals': [
        'error',
        ...Object.entries(impure).map(([global, why]) => ({
          name: global,
          message: `This package is pure: ${why}`,
        })),
      ],
      'no-restricted-properties': [
        'error',
        { object: 'Date', property: 'now', message: `This package is pure: ${impure.performance}` },
        { object: 'Math', property: 'random', message: 'This package is pure: take it as a parameter.' },
      ],
    },
  };
});

const tests = [
  'scripts/**',
  'bench/**',
  'tools/**',
  `packages/${TEST_PACKAGE}/**`,
  '**/*.test.ts',
  '**/test/**',
];

export default {
  plugins: ['eslint', 'typescript', 'unicorn', 'oxc', 'import', 'node', 'promise', 'jest'],
  env: { node: true, es2023: true },
  categories: { correctness: 'error' },
  ignorePatterns: ['node_modules', 'dist', 'packages/database/generated', '.data'],
  rules: {
    'typescript/no-floating-promises': 'error',
    'typescript/no-misused-promises': 'error',
    'typescript/switch-exhaustiveness-check': 'error',
    'typescript/no-explicit-any': 'error',
    'typescript/no-non-null-assertion': 'error',
    'typescript/only-throw-error': 'error',
    'typescript/consistent-type-imports': ['error', { fixStyle: 'inline-type-imports' }],
    'typescript/no-unnecessary-type-assertion': 'error',
    'import/no-cycle': ['error', { ignoreTypes: false }],
    'import/no-duplicates': ['error', { 'prefer-inline': true }],
    'import/no-default-export': 'error',
    'node/no-process-env': 'error',
    eqeqeq: 'error',
    'max-lines': ['error', { max: 250 }],
    'jest/expect-expect': 'off',
    'jest/valid-title': 'off',
    'jest/no-conditional-expect': 'off',
  },
  overrides: [
    ...imports,
    ...appImports,
    ...pure,
    {
      files: [
        'apps/*/main.ts',
        'apps/standalone/migrate.ts',
        '*.config.ts',
        'packages/embedded-postgres/account.ts',
        ...tests,
      ],
      rules: { 'node/no-process-env': 'off' },
    },
    {
      files: tests,
      rules: {
        'no-restricted-imports': 'off',
        'no-restricted-globals': 'off',
        'no-restricted-properties': 'off',
      },
    },
    {
      files: ['*.config.{ts,mjs}', `packages/${TEST_PACKAGE}/global-*.ts`],
      rules: { 'import/no-default-export': 'off' },
    },
  ],
};
