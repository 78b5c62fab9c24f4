/** Writes a line on stderr in the form that the Prisma CLI reads from its engine. */
export function logLine(level, message, fields = {}) {
  const timestamp = new Date().toISOString();
  const line = { timestamp, level, fields: { message, ...fields }, target: 'schema_engine::logger' };
  process.stderr.write(`${JSON.stringify(line)}\n`);
}

/** The value after the option `name`, or undefined. */
export function option(args, name) {
  const index = args.indexOf(name);
  return index < 0 ? undefined : args[index + 1];
}

/** The values after every occurrence of the option `name`. */
export function options(args, name) {
  return args.flatMap((arg, index) => (arg === name ? [args[index + 1]] : []));
}
