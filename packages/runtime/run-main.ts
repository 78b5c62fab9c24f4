import { EnvError } from './env';

/**
 * Runs a process's `main`. A fault of the environment is one readable line and exit code 1; anything else that
 * reaches the top is a programmer's error or an outage at start, printed with its stack.
 */
export function runMain(main: () => Promise<void>): void {
  main().catch((error: unknown) => {
    console.error(error instanceof EnvError ? error.message : error);
    process.exit(1);
  });
}
