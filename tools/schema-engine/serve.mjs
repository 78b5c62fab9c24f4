import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import readline from 'node:readline';
import { pathToFileURL } from 'node:url';
import { makeAdapter } from './adapter.mjs';
import { logLine, option, options } from './stdio.mjs';

/** The code of JSON-RPC errors that carry a Prisma error in `data`. */
const KNOWN_ERROR = 4466;
/** Ids of our own requests to the CLI start here, so as not to meet the CLI's. */
const OWN_REQUEST_IDS = 1e9;

/** Loads the engine by hand: the package's own loader is made for bundlers. */
async function loadEngine() {
  // Without this registry a panic of the engine ends the process silently, with exit code 0.
  globalThis.PRISMA_WASM_PANIC_REGISTRY = {
    set_message: (message) => logLine('ERROR', `the schema engine panicked: ${message}`, { is_panic: true }),
  };
  const require = createRequire(import.meta.url);
  const folder = path.dirname(require.resolve('@prisma/schema-engine-wasm'));
  const glue = await import(pathToFileURL(path.join(folder, 'schema_engine_bg.js')).href);
  const module = readFileSync(path.join(folder, 'schema_engine_bg.wasm'));
  const { instance } = await WebAssembly.instantiate(module, { './schema_engine_bg.js': glue });
  glue.__wbg_set_wasm(instance.exports);
  instance.exports.__wbindgen_start();
  return glue.SchemaEngine;
}

/** What the CLI makes a readable message of. */
function errorData(error) {
  if (error.code === undefined)
    return { is_panic: false, message: String(error.message ?? error), meta: null };
  const meta = error.meta ?? error.cause?.meta ?? null;
  return { is_panic: false, message: error.message, meta, error_code: error.code };
}

/** The database that the CLI names, or else the environment. */
function databaseUrl(args) {
  const given = JSON.parse(option(args, '--datasource') ?? '{}').url ?? process.env.DATABASE_URL;
  if (given === undefined) throw new Error('DATABASE_URL is not set: the schema engine needs a database');
  return new URL(given);
}

async function makeEngine(args) {
  const files = options(args, '--datamodels').filter((file) => existsSync(file));
  const datamodels = files.map((file) => [file, readFileSync(file, 'utf8')]);
  const SchemaEngine = await loadEngine();
  return SchemaEngine.new(
    { datamodels: datamodels.length > 0 ? datamodels : undefined },
    () => {},
    makeAdapter(databaseUrl(args)),
  );
}

/** Serves the engine's JSON-RPC on stdin and stdout until stdin ends. */
export async function serve(args) {
  const send = (message) => process.stdout.write(`${JSON.stringify({ jsonrpc: '2.0', ...message })}\n`);
  let engine;

  const call = async ({ id, method, params }) => {
    if (method === 'createDatabase') {
      return { databaseName: decodeURIComponent(databaseUrl(args).pathname.slice(1)) };
    }
    // Made with the first request: a fault must be an answer, for the CLI takes an engine that ends early for success.
    engine ??= await makeEngine(args);
    const result = await engine[method === 'getDatabaseVersion' ? 'version' : method](params);
    if (method !== 'diff' || !result) return result ?? null;
    // The native engine prints the script itself, by a request to the CLI; this one hands it back.
    const { stdout, ...rest } = result;
    if (stdout) send({ id: OWN_REQUEST_IDS + id, method: 'print', params: { content: stdout } });
    return rest;
  };

  const lines = readline.createInterface({ input: process.stdin, crlfDelay: Infinity });
  for await (const line of lines) {
    const request = JSON.parse(line);
    if (request.method === undefined) continue; // the CLI's answer to our `print`
    try {
      send({ id: request.id, result: await call(request) });
    } catch (error) {
      const message = 'An error happened. Check the data field for details.';
      send({ id: request.id, error: { code: KNOWN_ERROR, message, data: errorData(error) } });
    }
  }
  // Not left to the event loop: the pools would keep the process for their idle time.
  process.exit(0);
}
