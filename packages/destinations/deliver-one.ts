import type { AttemptResult, DeliveryRequest, Destination } from './destination';

/** Makes one attempt of a single delivery. */
export async function deliverOne(
  destination: Destination,
  request: DeliveryRequest,
  signal: AbortSignal = new AbortController().signal,
): Promise<AttemptResult> {
  const [result] = await destination.deliver([request], signal);
  if (result === undefined) throw new TypeError(`${destination.kind} gave no result`);
  return result;
}
