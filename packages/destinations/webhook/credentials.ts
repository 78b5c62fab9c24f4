import { type WebhookAutomation } from '#automations';
import { headerPlace, type SecretBox, secretPlace } from '#secrets';

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

/**
 * Opens credentials, those of each automation once: the dispatcher keeps the objects as long as their config is the same.
 * @param onUnreadable told of an automation that the box does not open
 * @returns a function that gives null for such an automation
 */
export function makeCredentials(
  { open }: Pick<SecretBox, 'open'>,
  onUnreadable: (automationId: string) => void = () => undefined,
): (automation: WebhookAutomation) => WebhookCredentials | null {
  const known = new WeakMap<WebhookAutomation, WebhookCredentials | null>();
  return (automation) => {
    const before = known.get(automation);
    if (before !== undefined) return before;
    const credentials = openAll(automation, open);
    known.set(automation, credentials);
    if (credentials === null) onUnreadable(automation.id);
    return credentials;
  };
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
