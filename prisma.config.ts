import path from 'node:path';
import { defineConfig } from 'prisma/config';

// With this set the CLI looks for no binary of its own: `prisma generate` needs neither the network nor DATABASE_URL.
process.env.PRISMA_SCHEMA_ENGINE_BINARY ??= path.join(__dirname, 'tools', 'schema-engine.mjs');

const url = process.env.DATABASE_URL;

export default defineConfig({
  schema: 'prisma/schema.prisma',
  migrations: { path: 'prisma/migrations' },
  ...(url === undefined ? {} : { datasource: { url } }),
});
