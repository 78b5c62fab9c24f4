/**
 * A key made of texts that clients choose, e.g. names of events. Two different lists never share one, with any content:
 * a separator between the texts would be a character that one of them may hold too.
 */
export function textKey(texts: readonly string[]): string {
  return JSON.stringify(texts);
}
