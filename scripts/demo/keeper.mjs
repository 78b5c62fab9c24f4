// Runs the engine for as long as the demo lives: its end, even a kill, closes this process's standard input. Then the
// engine is stopped and the folder with its data removed.
import { spawn } from 'node:child_process';
import { readFileSync, rmSync } from 'node:fs';
import path from 'node:path';

const [main = '', folder = ''] = process.argv.slice(2);

/** The engine stops its own PostgreSQL, unless it was killed itself. */
function stopPostgres() {
  try {
    const lock = readFileSync(path.join(folder, 'data', 'postgres', 'data', 'postmaster.pid'), 'utf8');
    process.kill(Number(lock.split('\n')[0]), 'SIGQUIT');
  } catch {
    // No lock file: it is gone.
  }
}

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => {});
const engine = spawn(process.execPath, [main], { stdio: ['ignore', 'inherit', 'inherit'] });
process.stdin.once('close', () => engine.kill('SIGTERM')).resume();
engine.once('exit', (code) => {
  stopPostgres();
  rmSync(folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 });
  process.exit(code ?? 1);
});
