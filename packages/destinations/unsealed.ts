import type { SecretBox } from '#secrets';

/** How a destination reads what is stored of its automations. */
export type Unsealing = {
  /** Opens what is stored sealed. */
  readonly secretBox: Pick<SecretBox, 'open'>;
  /** Called once for each stored automation that can't be opened. */
  readonly onUnreadable?: ((automationId: string) => void) | undefined;
};

/**
 * Opens what automations hold sealed, that of each once: the dispatcher keeps the objects as long as their config is the
 * same.
 * @param openAll null for what the box does not open
 * @returns a function that gives what `openAll` gave
 */
export function makeUnsealed<Automation extends { readonly id: string }, Opened>(
  { secretBox, onUnreadable = () => undefined }: Unsealing,
  openAll: (automation: Automation, open: SecretBox['open']) => Opened | null,
): (automation: Automation) => Opened | null {
  const known = new WeakMap<Automation, { readonly opened: Opened | null }>();
  return (automation) => {
    const before = known.get(automation);
    if (before !== undefined) return before.opened;
    const opened = openAll(automation, secretBox.open);
    known.set(automation, { opened });
    if (opened === null) onUnreadable(automation.id);
    return opened;
  };
}
