/**
 * The JSON text of a body of PostHog's browser client. On leaving a page it sends a form, `data=<base64>`; otherwise the
 * text is JSON itself. Null where it can't be decoded.
 * @param decodeBase64 base64 -> text, null where it is none
 */
export function posthogTextOf(text: string, decodeBase64: (base64: string) => string | null): string | null {
  const data = /^(?:[^&]*&)*?data=([^&]*)/.exec(text.trimStart().startsWith('{') ? '' : text)?.[1];
  if (data === undefined) return text;
  let decoded: string;
  try {
    decoded = decodeURIComponent(data);
  } catch {
    return null;
  }
  // A form that was not encoded has blanks where base64 has plus signs.
  return /^\s*[[{]/.test(decoded) ? decoded : decodeBase64(decoded.replaceAll(' ', '+'));
}
