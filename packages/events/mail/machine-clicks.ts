/** A click on a link of an e-mail; `at` in epoch milliseconds. */
export type Click = { readonly at: number; readonly link: string | null };

/** A scanner follows the links before anybody could have read the mail. */
const UNREAD_MS = 10_000;

/** Nobody opens so many different links at once. */
const BURST_LINKS = 3;
const BURST_MS = 2_000;

/** "CUBOT" is a make of telephones. */
const MACHINE =
  /(?<!cu)bot\b|crawler|spider|scanner|headless|barracuda|mimecast|proofpoint|bitdefender|cloudmark|sophos|symantec|trend ?micro|python|curl\/|wget\/|go-http-client|java\/|axios\/|node-fetch|postman/i;

/** Whether a user agent is a program's that nobody reads with. One that is not told may be anybody's. */
export function isMachineAgent(userAgent: unknown): boolean {
  return typeof userAgent === 'string' && (userAgent.trim() === '' || MACHINE.test(userAgent));
}

/**
 * Whether a program followed a link, by when it did.
 * @param deliveredAt when the same e-mail was delivered (epoch ms), null where that is not known
 * @param others clicks of the same person on links of the same e-mail
 */
export function isMachineClick(click: Click, deliveredAt: number | null, others: readonly Click[]): boolean {
  if (deliveredAt !== null && click.at - deliveredAt < UNREAD_MS) return true;
  const near = [click, ...others].filter(({ at }) => Math.abs(at - click.at) <= BURST_MS);
  return near.some(({ at: start }) => {
    const burst = near.filter(({ at }) => at >= start && at - start <= BURST_MS);
    return start <= click.at && new Set(burst.map(({ link }) => link)).size >= BURST_LINKS;
  });
}
