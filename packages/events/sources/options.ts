import type { IsBlockedId } from '../identities/blocked-ids';
import type { Receipt } from '../sequence';

/** What a client's body is read with, beside the body itself. */
export type SourceOptions = {
  readonly receipt: Receipt;
  /** Makes the id of an event that brings none. */
  readonly makeMessageId: () => string;
  readonly isBlocked: IsBlockedId;
  /** One bad item refuses the whole batch. */
  readonly strict?: boolean;
  /** The key stands in a web page, where anybody can read it: what only a server may say is refused. */
  readonly fromBrowser?: boolean;
};
