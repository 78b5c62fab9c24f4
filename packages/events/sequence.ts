/** When a request was received, and how many events of the same millisecond came before it. */
export type Receipt = { readonly atMs: number; readonly before: number };

/**
 * Makes a function that tells of each request when it was received. Requests of one millisecond keep their order.
 * @param nowMs epoch milliseconds
 */
export function makeReceipts(nowMs: () => number): (eventCount: number) => Receipt {
  let lastMs = Number.NaN;
  let before = 0;
  return (eventCount) => {
    const atMs = nowMs();
    if (atMs !== lastMs) {
      lastMs = atMs;
      before = 0;
    }
    const receipt = { atMs, before };
    before += eventCount;
    return receipt;
  };
}

/**
 * The sequences of the events of one request. Events from the future are all taken as happening at the receipt, and keep
 * their order; events of one time have the order of the request.
 * @param leadsMs how far the time that each event gave lies after its receipt, 0 for none
 */
export function sequencesOf(leadsMs: readonly number[], { before }: Receipt): number[] {
  if (leadsMs.every((lead) => lead === 0)) return leadsMs.map((_lead, index) => before + index);
  const byLead = [...leadsMs.keys()].sort((a, b) => (leadsMs[a] ?? 0) - (leadsMs[b] ?? 0) || a - b);
  const sequences: number[] = [];
  for (const [rank, index] of byLead.entries()) sequences[index] = before + rank;
  return sequences;
}
