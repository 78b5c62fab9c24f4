/** How a sealed value begins. No value in clear that anybody saves may begin so. */
export const SEALED_PREFIX = 'sealed:v1:';

/** Whether a stored text is sealed; otherwise it is in clear, from a process without a key or an earlier version. */
export function isSealed(text: string): boolean {
  return text.startsWith(SEALED_PREFIX);
}
