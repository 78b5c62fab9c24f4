/** Which way a transition went. */
export type Edge = 'entered' | 'exited';
/** What a delivery does at its destination. */
export type Action = 'send' | 'add' | 'remove';
/** What each edge causes; null: nothing. */
export type EdgeActions<A extends Action> = Readonly<Record<Edge, A | null>>;
export type AudienceAction = 'add' | 'remove';

/** Which edges a destination that announces transitions tells of; both unless given. */
export type AnnouncementTrigger = 'on_enter' | 'on_exit' | 'both';

/** What each edge causes at a destination that announces it. */
export function announcing(trigger: AnnouncementTrigger = 'both'): EdgeActions<'send'> {
  return {
    entered: trigger === 'on_exit' ? null : 'send',
    exited: trigger === 'on_enter' ? null : 'send',
  };
}
