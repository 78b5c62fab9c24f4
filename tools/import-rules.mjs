// What may import what. The linter holds it (oxlint.config.mjs), and a test reads every import against it.

/**
 * The packages, each with those that it may import. Imports run one way; `runtime` is for all but the pure ones. A
 * package that is `pure` runs in a browser: it does no I/O, reads no clock, and imports these npm packages and its own files.
 */
export const PACKAGES = {
  events: { imports: [], pure: ['zod'] },
  criteria: { imports: ['events'], pure: ['zod'] },
  concurrency: { imports: [] },
  runtime: { imports: [] },
  automations: { imports: ['events'], pure: ['zod', 'ipaddr.js'] },
  secrets: { imports: ['automations'] },
  destinations: { imports: ['automations', 'runtime', 'secrets'] },
  'embedded-postgres': { imports: ['runtime'] },
  database: { imports: ['criteria', 'events', 'runtime'] },
  queues: { imports: ['concurrency', 'database', 'events', 'runtime'] },
  decisions: { imports: ['automations', 'concurrency', 'criteria', 'database', 'events', 'runtime'] },
  'api-schemas': { imports: ['automations', 'criteria', 'events'] },
  client: { imports: ['api-schemas', 'events'] },
};

/** For tests and benchmarks; it may import anything. */
export const TEST_PACKAGE = 'testkit';

export const APPS = ['api', 'worker', 'dispatcher', 'standalone', 'console'];

/** npm packages that only these folders import. */
export const OWNERS = [
  {
    npm: ['pg', 'pg-*', '@prisma/*'],
    folders: ['packages/database', 'packages/embedded-postgres'],
    message: 'Only packages/database speaks to PostgreSQL: add a function there.',
  },
  {
    npm: ['bullmq', 'ioredis'],
    folders: ['packages/queues'],
    message: 'Only packages/queues knows BullMQ: use makeProducer, makeConsumer or the queue backend.',
  },
  {
    npm: ['axios', 'resend'],
    folders: ['packages/destinations'],
    message: 'Outgoing requests are made by packages/destinations only.',
  },
  {
    npm: ['@bull-board/*'],
    folders: ['apps/api'],
    message: 'The queue board is a part of apps/api.',
  },
];
