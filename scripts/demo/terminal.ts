/** Where the demo is told. */
export type Terminal = {
  title(text: string): void;
  heading(text: string): void;
  /** What is done. */
  step(text: string, ms?: number): void;
  /** What was claimed, and holds. */
  check(text: string, ms?: number): void;
  /** Aside. */
  note(text: string): void;
  failure(text: string): void;
  readonly checks: number;
};

type Out = { readonly isTTY?: boolean; write(text: string): unknown };
type Env = Readonly<Record<string, string | undefined>>;

/** The column at which times end. */
const WIDTH = 96;

const PAINTS = { bold: 1, dim: 2, red: 31, green: 32, yellow: 33, cyan: 36 } as const;

/** Colours only on a terminal, and not where NO_COLOR is set (no-color.org). */
export function makeTerminal(out: Out, env: Env): Terminal {
  const isColoured = out.isTTY === true && (env['NO_COLOR'] ?? '') === '' && env['TERM'] !== 'dumb';
  const paint = (name: keyof typeof PAINTS, text: string): string =>
    isColoured ? `\u001B[${PAINTS[name]}m${text}\u001B[0m` : text;
  const say = (text = ''): void => void out.write(`${text}\n`);
  const timed = (text: string, ms: number | undefined): string => {
    if (ms === undefined) return text;
    const time = `${Math.max(1, Math.round(ms))} ms`;
    return `${text.padEnd(WIDTH - 4 - time.length)}${paint('yellow', time)}`;
  };
  let checks = 0;
  return {
    title: (text) => say(`\n${paint('bold', text)}`),
    heading: (text) => say(`\n${paint('bold', paint('cyan', text))}`),
    step: (text, ms) => say(`    ${timed(text, ms)}`),
    check: (text, ms) => {
      checks += 1;
      say(`  ${paint('green', '✓')} ${timed(text, ms)}`);
    },
    note: (text) => say(paint('dim', `    ${text}`)),
    failure: (text) => say(`\n  ${paint('red', '✗')} ${paint('bold', text)}`),
    get checks() {
      return checks;
    },
  };
}
