import pino from 'pino';

/** The process's logger (pino, JSON lines on stdout). Never given e-mail addresses, phones, tokens or header values. */
export type Log = pino.Logger;

/** An error of PostgreSQL or of Prisma: its texts quote the values that it was given, which are customers' data. */
function quotesData(error: Error): boolean {
  return error.name.startsWith('PrismaClient') || 'severity' in error;
}

const TOO_MANY_CONNECTIONS =
  'the database takes no more connections: raise its max_connections, or run fewer processes';

/** What the codes of those errors mean that somebody has to see to. */
const MEANINGS: Readonly<Record<string, string>> = {
  '53300': TOO_MANY_CONNECTIONS,
  P2037: TOO_MANY_CONNECTIONS,
  '53100': 'the disk of the database is full',
  '28P01': 'the database refuses the password',
  '28000': 'the database refuses this role, or how it connects (see pg_hba.conf)',
  '3D000': 'the database of DATABASE_URL does not exist',
  '42P01': 'a table is missing: the migrations are not applied',
};

/** What of an error may be logged: never its `detail`, `where` or parameters, and no text that quotes values. */
function safeError(error: unknown): Record<string, unknown> {
  if (!(error instanceof Error)) return { message: 'not an error' };
  const code = 'code' in error ? error.code : undefined;
  const cause = error.cause === undefined ? undefined : safeError(error.cause);
  const frames = (error.stack ?? '').split('\n').filter((line) => /^\s+at /.test(line));
  const meaning = MEANINGS[String(code)] ?? 'a statement failed';
  const message = quotesData(error) ? meaning : error.message;
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
