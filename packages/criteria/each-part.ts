/**
 * One reader of an object whose keys are ANDed: an entry per key, so that a key added to the type does not
 * compile until every reader of it says what it means there.
 */
export type PartReaders<Parts, Subject, Context, Result> = {
  readonly [Key in keyof Parts]-?: (
    part: NonNullable<Parts[Key]>,
    subject: Subject,
    context: Context,
  ) => Result;
};

/** Whether every part that is given holds; stops at the first that does not, and allocates nothing. */
export function everyPart<Parts extends object, Subject, Context>(
  parts: Parts,
  readers: PartReaders<Parts, Subject, Context, boolean>,
  subject: Subject,
  context: Context,
): boolean {
  for (const key in parts) {
    const part = parts[key];
    if (part !== undefined && part !== null && !readers[key](part, subject, context)) return false;
  }
  return true;
}

/** Hands every part that is given to its reader, in the order written. */
export function eachPart<Parts extends object, Subject, Context>(
  parts: Parts,
  readers: PartReaders<Parts, Subject, Context, void>,
  subject: Subject,
  context: Context,
): void {
  for (const key in parts) {
    const part = parts[key];
    if (part !== undefined && part !== null) readers[key](part, subject, context);
  }
}
