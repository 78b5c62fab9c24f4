import type { EntryCause, EntryPlace } from '#database';

/** Entries that are to be looked at, each with what asked for it where that is known. */
export type Touched = Map<string, EntryPlace & { readonly cause: EntryCause | null }>;

/** No name of an audience holds a blank. */
export const placeText = ({ audience, key }: EntryPlace): string => `${audience} ${key}`;

/** Adds an entry; of several causes the last one counts. */
export function touch(touched: Touched, place: EntryPlace & Partial<EntryCause>): void {
  const { audience, key, personId, segmentId, automationId } = place;
  const known = touched.get(placeText(place))?.cause ?? null;
  const cause =
    personId === undefined || segmentId === undefined || automationId === undefined
      ? known
      : { personId, segmentId, automationId };
  touched.set(placeText(place), { audience, key, cause });
}
