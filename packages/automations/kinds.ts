import type { Kind } from './kinds/kind';
import { meta } from './kinds/meta';
import { resend } from './kinds/resend';
import { slack } from './kinds/slack';
import { webhook } from './kinds/webhook';

// Every kind of destination, one entry each. What the engine knows of a kind is asked of its entry.
const TABLE = { resend, meta, webhook, slack };

export type DestinationKind = keyof typeof TABLE;

type PartsOf<Entry> =
  Entry extends Kind<infer Posted, infer Stored, infer Normal>
    ? { posted: Posted; stored: Stored; normal: Normal }
    : never;
type Parts = { [K in DestinationKind]: PartsOf<(typeof TABLE)[K]> };

/** Of each kind: an automation as clients send it. */
export type PostedForms = { [K in DestinationKind]: Parts[K]['posted'] };
/** Of each kind: an automation as it lies in the database. */
export type StoredForms = { [K in DestinationKind]: Parts[K]['stored'] };
/** Of each kind: an automation in its normal form. */
export type NormalForms = { [K in DestinationKind]: Parts[K]['normal'] };

/** Typed so that an entry fits what is stored under its own kind. */
export const KINDS: {
  readonly [K in DestinationKind]: Kind<PostedForms[K], StoredForms[K], NormalForms[K]>;
} = TABLE;

export const DESTINATION_KINDS = Object.keys(TABLE).filter((name): name is DestinationKind => name in TABLE);

/** Something for each kind. */
export function ofEachKind<T>(make: (kind: DestinationKind) => T): Readonly<Record<DestinationKind, T>> {
  // The compiler loses sight of keys that are made in a loop.
  return Object.fromEntries(DESTINATION_KINDS.map((kind) => [kind, make(kind)])) as Record<
    DestinationKind,
    T
  >;
}
