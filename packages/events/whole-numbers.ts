/** Nobody reads more of them; a flood of them costs no more. */
const FOUND_MAX = 1_000;
/** Deeper paths are cut. */
const PATH_MAX = 32;

const SUSPICIOUS = /[:[,]\s*-?\d{16}/;
const WHOLE = /^-?\d{16,}$/;
const EXACT_MAX = 2n ** 53n;

/**
 * Where a JSON text has whole numbers beyond ±2^53: JavaScript and most other readers of JSON make another number of them, so
 * that two ids become one. Those with a fraction or an exponent are approximate by nature. Nearly every text is
 * cleared by a quick look.
 * @param text valid JSON
 * @returns the paths, at most 1,000
 */
export function findInexactNumbers(text: string): (readonly (string | number)[])[] {
  return SUSPICIOUS.test(text) ? walk(text) : [];
}

function isInexact(literal: string): boolean {
  if (!WHOLE.test(literal)) return false;
  const digits = literal.startsWith('-') ? literal.slice(1) : literal;
  // 2^53 has 16 digits, and JSON no leading zeros.
  return digits.length > 16 || BigInt(digits) > EXACT_MAX;
}

function walk(text: string): (readonly (string | number)[])[] {
  const found: (readonly (string | number)[])[] = [];
  // For each object and list around the place: the key or index, and which of both it is.
  const path: (string | number)[] = [];
  let isKeyNext = false;
  for (let at = 0; at < text.length && found.length < FOUND_MAX;) {
    const char = text[at] ?? '';
    const last = path.length - 1;
    let end = at + 1;
    if (char === '"') {
      end = endOfString(text, at);
      if (isKeyNext) path[last] = String(JSON.parse(text.slice(at, end)));
      isKeyNext = false;
    } else if (char === '{' || char === '[') {
      path.push(char === '{' ? '' : 0);
      isKeyNext = char === '{';
    } else if (char === '}' || char === ']') {
      path.pop();
      isKeyNext = false;
    } else if (char === ',') {
      const place = path[last];
      if (typeof place === 'number') path[last] = place + 1;
      isKeyNext = typeof place === 'string';
    } else if (char === '-' || (char >= '0' && char <= '9')) {
      end = endOfNumber(text, at);
      if (isInexact(text.slice(at, end))) found.push(path.slice(0, PATH_MAX));
    }
    at = end;
  }
  return found;
}

function endOfString(text: string, from: number): number {
  let at = from + 1;
  while (text[at] !== '"' && at < text.length) at += text[at] === '\\' ? 2 : 1;
  return at + 1;
}

function endOfNumber(text: string, from: number): number {
  let at = from + 1;
  while (at < text.length && /[\d.eE+-]/.test(text[at] ?? '')) at += 1;
  return at;
}
