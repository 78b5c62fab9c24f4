import type { RejectionCode } from '../incoming';

/** Why an item is refused; the message names the field and carries no value. */
export type Fault = { readonly code: RejectionCode; readonly message: string };

/** What was read of an item, or what is wrong with it. */
export type Field<T> = { readonly value: T } | { readonly fault: Fault };

export const found = <T>(value: T): { readonly value: T } => ({ value });

export const faulty = (code: RejectionCode, message: string): { readonly fault: Fault } => ({
  fault: { code, message },
});
