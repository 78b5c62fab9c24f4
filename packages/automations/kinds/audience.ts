import * as z from 'zod';
import type { AudienceAction, EdgeActions } from '../actions';

// What the kinds that keep an audience have in common.

export const audienceId = z
  .string()
  .regex(/^[A-Za-z0-9_-]{1,100}$/, 'must be 1 to 100 letters, digits, "_" or "-"');
export const edgeTrigger = z.enum(['on_enter', 'on_exit']);
export const audienceAction = z.enum(['add', 'remove']);

const SYNC_ALONE = 'cannot be combined with sync, which adds on entering and removes on leaving';

/** `sync` says both when and what, so it stands alone. */
export function refuseMixedSync(
  config: { sync?: true | undefined; trigger?: unknown; action?: unknown },
  ctx: z.RefinementCtx,
): void {
  if (config.sync !== true) return;
  for (const key of ['trigger', 'action'] as const) {
    if (config[key] !== undefined) ctx.addIssue({ code: 'custom', path: [key], message: SYNC_ALONE });
  }
}

/** For an automation that keeps an audience equal to its segment: who is in it is a state. No transition sends it. */
export const NO_ACTIONS: EdgeActions<never> = { entered: null, exited: null };

/** What each edge does to the audience. */
export function audienceActions(config: {
  readonly sync?: true | undefined;
  readonly trigger?: 'on_enter' | 'on_exit' | undefined;
  readonly action?: AudienceAction | undefined;
}): EdgeActions<AudienceAction> {
  if (config.sync === true) return NO_ACTIONS;
  const action = config.action ?? 'add';
  return config.trigger === 'on_exit' ? { entered: null, exited: action } : { entered: action, exited: null };
}
