import { MASK } from '#automations';

/** Shorter texts are only hidden where they stand alone: an answer may well hold them within its own words. */
const ANYWHERE_CHARS_MIN = 8;
/** A part that is shorter tells nothing of the whole. */
const PART_CHARS_MIN = 4;

/**
 * An answer without the header values that it may quote, as they are, as JSON or in a URL: receivers that echo a request
 * are common. If an answer was cut, its end goes too where a value begins there.
 */
export function redacted(answer: string, headers: Readonly<Record<string, string>>): string {
  const forms = [...new Set(Object.values(headers).flatMap(formsOf))].toSorted((a, b) => b.length - a.length);
  return forms.reduce(hideEnd, forms.reduce(hide, answer));
}

/** The ways in which a value is quoted; of a scheme and its credentials (`Bearer …`) the latter alone, too. */
function formsOf(value: string): string[] {
  const credentials = /^\S+ +(\S+)$/.exec(value)?.[1];
  return [value, ...(credentials === undefined ? [] : [credentials])]
    .flatMap((text) => [text, JSON.stringify(text).slice(1, -1), encodeURIComponent(text)])
    .filter((text) => text.trim() !== '');
}

function hide(answer: string, form: string): string {
  if (form.length >= ANYWHERE_CHARS_MIN) return answer.replaceAll(form, MASK);
  const literal = form.replaceAll(/[\\^$.*+?()[\]{}|/-]/g, '\\$&');
  return answer.replaceAll(new RegExp(`(?<![A-Za-z0-9])${literal}(?![A-Za-z0-9])`, 'g'), MASK);
}

function hideEnd(answer: string, form: string): string {
  for (let length = form.length - 1; length >= PART_CHARS_MIN; length -= 1)
    if (answer.endsWith(form.slice(0, length))) return answer.slice(0, -length) + MASK;
  return answer;
}
