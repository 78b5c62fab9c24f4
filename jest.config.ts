/** @jest-config-loader esbuild-register */
import type { Config } from 'jest';

const shared: Config = {
  testEnvironment: 'node',
  testEnvironmentOptions: { customExportConditions: ['source', 'node', 'require', 'default'] },
  roots: ['<rootDir>/packages', '<rootDir>/apps', '<rootDir>/scripts'],
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
