import { Webhook } from 'standardwebhooks';
import type { ReceivedRequest } from '#testkit';

/** Which of the secrets signed a request, in the order of its signatures, by the reference implementation. */
export function signersOf(
  request: ReceivedRequest | undefined,
  secrets: readonly string[],
): (string | undefined)[] {
  const header = (name: string): string => String(request?.headers[name]);
  const at = new Date(Number(header('webhook-timestamp')) * 1_000);
  const signed = new Map(
    secrets.map((secret) => [
      new Webhook(secret).sign(header('webhook-id'), at, request?.body ?? ''),
      secret,
    ]),
  );
  return header('webhook-signature')
    .split(' ')
    .map((signature) => signed.get(signature));
}
