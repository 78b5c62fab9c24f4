import { parseArgs } from 'node:util';
import { InputError } from './input-error';
import type { Mapping } from './mapping';
import type { Format } from './rows';

/** The command line, understood. */
export type Options = {
  readonly file: string;
  readonly url: string;
  readonly key: string | undefined;
  readonly format: Format | 'auto';
  readonly hasHeader: boolean;
  readonly columns: readonly string[] | undefined;
  /** Undefined: no flag says where anything stands. */
  readonly mapping: Omit<Mapping, 'isText'> | undefined;
  readonly shiftToNow: boolean;
  readonly batchMax: number;
  readonly concurrency: number;
  readonly limit: number;
  readonly dryRun: boolean;
};

const BATCH_MAX = 1_000;
const CONCURRENCY_MAX = 64;

const FLAGS = {
  help: { type: 'boolean', short: 'h', default: false },
  url: { type: 'string' },
  key: { type: 'string' },
  event: { type: 'string' },
  'event-column': { type: 'string' },
  user: { type: 'string' },
  time: { type: 'string' },
  property: { type: 'string', multiple: true },
  trait: { type: 'string', multiple: true },
  format: { type: 'string', default: 'auto' },
  columns: { type: 'string' },
  'no-header': { type: 'boolean', default: false },
  'shift-to-now': { type: 'boolean', default: false },
  batch: { type: 'string', default: '500' },
  concurrency: { type: 'string', default: '4' },
  limit: { type: 'string' },
  'dry-run': { type: 'boolean', default: false },
} as const;

type Flags = ReturnType<typeof parse>['values'];

function parse(args: readonly string[]) {
  try {
    return parseArgs({ args: [...args], options: FLAGS, allowPositionals: true, strict: true });
  } catch (error) {
    throw new InputError(error instanceof Error ? error.message : String(error));
  }
}

function whole(name: string, text: string, max: number): number {
  if (/^\d{1,15}$/.test(text) && Number(text) >= 1 && Number(text) <= max) return Number(text);
  const range = max === Number.MAX_SAFE_INTEGER ? 'from 1' : `from 1 to ${max}`;
  throw new InputError(`--${name} must be a whole number ${range}, not "${text}"`);
}

/** `name=COLUMN`, or `COLUMN` for both. */
function pairs(flag: string, values: readonly string[]): Map<string, string> {
  return new Map(
    values.map((value) => {
      const [name = '', ...rest] = value.split('=');
      const column = rest.length === 0 ? name : rest.join('=');
      if (name === '' || column === '') throw new InputError(`--${flag} takes name=COLUMN, not "${value}"`);
      return [name, column];
    }),
  );
}

function mappingOf(flags: Flags): Options['mapping'] {
  const { event, 'event-column': eventColumn, user, time, property, trait } = flags;
  if ([event, eventColumn, user, time, property, trait].every((flag) => flag === undefined)) return undefined;
  if (event !== undefined && eventColumn !== undefined)
    throw new InputError('--event and --event-column exclude each other');
  return {
    event: event === undefined ? { column: eventColumn ?? 'event' } : { name: event },
    user: user ?? 'userId',
    time: time ?? 'timestamp',
    properties: property === undefined ? undefined : pairs('property', property),
    traits: pairs('trait', trait ?? []),
  };
}

function formatOf(text: string): Options['format'] {
  if (text === 'auto' || text === 'csv' || text === 'text' || text === 'ndjson') return text;
  throw new InputError(`--format must be auto, csv, text or ndjson, not "${text}"`);
}

function urlOf(text: string): string {
  if (/^https?:\/\//.test(text) && URL.canParse(text)) return text;
  throw new InputError(`--url must be an http:// or https:// URL, not "${text}"`);
}

/**
 * Reads the command line; URL and key may also come from the environment.
 * @throws InputError for what can't be understood
 */
export function readOptions(
  args: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
): Options | 'help' {
  const { values: flags, positionals } = parse(args);
  if (flags.help) return 'help';
  const [file] = positionals;
  if (file === undefined || positionals.length > 1) {
    throw new InputError(`one FILE is expected, not ${positionals.length} (see --help)`);
  }
  const columns = flags.columns?.split(',').map((name) => name.trim());
  if (columns?.some((name, index) => name === '' || columns.indexOf(name) !== index))
    throw new InputError('--columns takes different names, separated by commas');
  return {
    file,
    url: urlOf(flags.url ?? env['SEGMENT_ENGINE_URL'] ?? 'http://127.0.0.1:3000'),
    key: flags.key ?? env['SEGMENT_ENGINE_WRITE_KEY'],
    format: formatOf(flags.format),
    hasHeader: !flags['no-header'] && columns === undefined,
    columns,
    mapping: mappingOf(flags),
    shiftToNow: flags['shift-to-now'],
    batchMax: whole('batch', flags.batch, BATCH_MAX),
    concurrency: whole('concurrency', flags.concurrency, CONCURRENCY_MAX),
    limit: flags.limit === undefined ? Infinity : whole('limit', flags.limit, Number.MAX_SAFE_INTEGER),
    dryRun: flags['dry-run'],
  };
}
