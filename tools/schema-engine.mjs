#!/usr/bin/env node
/**
 * Prisma's schema engine without its native binary.
 *
 * The Prisma CLI spawns a native program for `migrate` and `db`, which it would download on first use. This script
 * takes that program's place (same arguments, same JSON-RPC over stdio) and runs the WebAssembly build of the same
 * engine over `@prisma/adapter-pg`, so that migrations can be written where only the package registry is reachable.
 * `prisma.config.ts` points PRISMA_SCHEMA_ENGINE_BINARY here; nothing needs to be set by hand. Windows can't spawn a
 * script as a program: there `prisma generate` works, `prisma migrate` does not. At run time none of this is used.
 */
import { answerCli } from './schema-engine/cli.mjs';
import { logLine } from './schema-engine/stdio.mjs';
import { serve } from './schema-engine/serve.mjs';

const args = process.argv.slice(2);

for (const event of ['uncaughtException', 'unhandledRejection']) {
  process.on(event, (error) => {
    logLine('ERROR', String(error?.stack ?? error), { is_panic: false });
    process.exit(1);
  });
}

if (args.includes('--version')) console.log('schema-engine-cli wasm');
else if (args.includes('cli')) process.exitCode = await answerCli(args);
else await serve(args);
