import { type WebhookAutomation } from '#automations';
import { headerPlace, type SecretBox, secretPlace } from '#secrets';
import { makeUnsealed, type Unsealing } from '../unsealed';

/** What a webhook is sent and signed with, in clear. */
export type WebhookCredentials = {
  readonly headers: Readonly<Record<string, string>>;
  readonly secret: string;
  /** Until when each signs beside it (epoch ms), the newest first. */
  readonly previousSecrets: readonly { readonly secret: string; readonly untilMs: number }[];
};

/** The secrets that sign at an instant (epoch ms), the newest first. */
export function secretsAt({ secret, previousSecrets }: WebhookCredentials, nowMs: number): readonly string[] {
  const running = previousSecrets.filter(({ untilMs }) => nowMs < untilMs);
  return [secret, ...running.map((one) => one.secret)];
}

/** Opens the credentials of webhooks. @returns a function that gives null where the box does not open them */
export function makeCredentials(
  unsealing: Unsealing,
): (automation: WebhookAutomation) => WebhookCredentials | null {
  return makeUnsealed(unsealing, openAll);
}

function openAll(
  { id, headers, secret, previousSecrets = [] }: WebhookAutomation,
  open: SecretBox['open'],
): WebhookCredentials | null {
  const values = Object.entries(headers).map(
    ([name, text]) => [name, open(text, headerPlace(id, name))] as const,
  );
  const current = open(secret, secretPlace(id));
  const previous = previousSecrets.map((one) => ({ ...one, secret: open(one.secret, secretPlace(id)) }));
  const readable = values.filter((entry): entry is readonly [string, string] => entry[1] !== null);
  if (current === null || readable.length < values.length) return null;
  return {
    headers: Object.fromEntries(readable),
    secret: current,
    // The current secret suffices to be believed.
    previousSecrets: previous.flatMap((one) => (one.secret === null ? [] : [{ ...one, secret: one.secret }])),
  };
}
