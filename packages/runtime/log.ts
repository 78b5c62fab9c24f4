import pino from 'pino';

/** The process's logger (pino, JSON lines on stdout). Never given e-mail addresses, phones, tokens or header values. */
export type Log = pino.Logger;

/** An error of PostgreSQL or of Prisma: its texts quote the values that it was given, which are customers' data. */
function quotesData(error: Error): boolean {
  return error.name.startsWith('PrismaClient') || 'severity' in error;
}

/** What of an error may be logged: never its `detail`, `where` or parameters, and no text that quotes values. */
function safeError(error: unknown): Record<string, unknown> {
  if (!(error instanceof Error)) return { message: 'not an error' };
  const code = 'code' in error ? error.code : undefined;
  const cause = error.cause === undefined ? undefined : safeError(error.cause);
  const frames = (error.stack ?? '').split('\n').filter((line) => /^\s+at /.test(line));
  const message = quotesData(error) ? 'a statement failed' : error.message;
  return { name: error.name, message, code, stack: frames.join('\n'), cause };
}

/**
 * @param process name of the process (`api`, `worker`, …), on every line
 * @param to where the lines go; standard output unless given
 */
export function makeLog(process: string, level: string, to?: pino.DestinationStream): Log {
  const options = {
    level,
    base: { process },
    serializers: { err: safeError },
    timestamp: pino.stdTimeFunctions.isoTime,
  };
  return to === undefined ? pino(options) : pino(options, to);
}
