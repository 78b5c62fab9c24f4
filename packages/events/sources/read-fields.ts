import { normaliseTraits } from '../contacts';
import type { JsonObject } from '../event';
import { subscriptionPropertiesSchema } from '../subscription';
import { cleanObject, nameSchema, traitNameFault } from '../text';
import { objectOf } from './reading';
import { faulty, type Field, found } from './field';

/** Numbers are ids too, e.g. 42; what is neither text nor number is no id at all. */
function idText(value: unknown): string | null {
  if (typeof value === 'string') return value === '' ? null : value;
  return typeof value === 'number' && Number.isFinite(value) ? String(value) : null;
}

/** Reads an id of a person or an account. A number beyond 2^53 has lost digits, and would be somebody else. */
export function readId(value: unknown, path: string): Field<string | null> {
  const id = idText(value);
  if (id === null) return found(null);
  if (typeof value === 'number' && Math.abs(value) > Number.MAX_SAFE_INTEGER) {
    return faulty('invalid_id', `${path} is too large for a number: send it as text`);
  }
  const message = nameFault(id);
  return message === null ? found(id) : faulty('invalid_id', `${path} ${message}`);
}

/** What is wrong with a name or an id, null where it may be one. */
export function nameFault(value: unknown): string | null {
  return nameSchema.safeParse(value).error?.issues[0]?.message ?? null;
}

/** Reads the id of a message; one is made where none is given. */
export function readMessageId(value: unknown, path: string, make: () => string): Field<string> {
  if (value === undefined || value === null) return found(make());
  const message = nameFault(value);
  if (message !== null || typeof value !== 'string') {
    return faulty('invalid_message_id', `${path} ${message ?? 'must be a string'}`);
  }
  return found(value);
}

/** Reads an object of properties; what a database can't store in it is replaced. */
export function readObject(value: unknown, path: string): Field<JsonObject | null> {
  if (value === undefined || value === null) return found(null);
  const object = objectOf(value);
  return object === null ? faulty('invalid_event', `${path} must be an object`) : found(cleanObject(object));
}

/** Reads traits: as properties, each by a name, and an e-mail address in the form that identifies. */
export function readTraits(value: unknown, path: string): Field<JsonObject | null> {
  const field = readObject(value, path);
  if ('fault' in field || field.value === null) return field;
  for (const name of Object.keys(field.value)) {
    const message = traitNameFault(name);
    if (message !== null) return faulty('invalid_event', `${path}: ${message}`);
  }
  return found(normaliseTraits(field.value));
}

/** The properties of a `subscription_updated`. They are a subscription's state: one that can't be stored is refused. */
export function readSubscription(properties: JsonObject | null): Field<JsonObject | null> {
  const [issue] = subscriptionPropertiesSchema.safeParse(properties ?? {}).error?.issues ?? [];
  if (issue === undefined) return found(properties);
  return faulty('invalid_event', `${['properties', ...issue.path].join('.')} ${issue.message}`);
}
