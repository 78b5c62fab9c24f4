/** @jest-config-loader esbuild-register */
import { existsSync } from 'node:fs';
import path from 'node:path';
import type { Config } from 'jest';

const shared: Config = {
  testEnvironment: 'node',
  testEnvironmentOptions: { customExportConditions: ['source', 'node', 'require', 'default'] },
  // Jest refuses a root that is missing, and a checkout has no empty folders.
  roots: ['packages', 'apps', 'scripts', 'tools']
    .filter((folder) => existsSync(path.join(__dirname, folder)))
    .map((folder) => `<rootDir>/${folder}`),
  transform: {
    '^.+\\.ts$': [
      '@swc/jest',
      {
        jsc: { parser: { syntax: 'typescript' }, target: 'es2023' },
        module: { type: 'commonjs' },
        sourceMaps: 'inline',
      },
    ],
  },
};

// Two projects: `unit` needs nothing and runs in seconds; `services` runs on real PostgreSQL and Redis.
const config: Config = {
  projects: [
    {
      ...shared,
      displayName: 'unit',
      testMatch: ['**/*.test.ts'],
      testPathIgnorePatterns: ['\\.int\\.test\\.ts$', '/node_modules/'],
    },
    {
      ...shared,
      displayName: 'services',
      testMatch: ['**/*.int.test.ts'],
      globalSetup: '<rootDir>/packages/testkit/global-setup.ts',
      globalTeardown: '<rootDir>/packages/testkit/global-teardown.ts',
    },
  ],
};

export default config;
