import type { JsonObject } from '../../event';
import type { AccountLink } from '../../incoming';
import { faulty, type Field, found } from '../field';
import { readId, readTraits } from '../read-fields';
import { objectOf } from '../reading';

/** What `$groupidentify` says of an account. */
export type DescribedGroup = {
  readonly groupId: string;
  readonly traits: JsonObject;
  /** The distinct id under which servers send it: nobody's. */
  readonly nobody: string;
};

/** An account is known by its type too: keys of different types may be the same. */
function readGroupId(type: unknown, key: unknown): Field<Pick<DescribedGroup, 'groupId' | 'nobody'> | null> {
  const [typeId, keyId] = [readId(type, '$group_type'), readId(key, '$group_key')];
  if ('fault' in typeId) return typeId;
  if ('fault' in keyId) return keyId;
  if (typeId.value === null || keyId.value === null) return found(null);
  const groupId = readId(`${typeId.value}:${keyId.value}`, '$group_type and $group_key');
  if ('fault' in groupId) return groupId;
  return found({ groupId: groupId.value ?? '', nobody: `$${typeId.value}_${keyId.value}` });
}

/** The accounts that an event was done for: `$groups` names one of each type. */
export function groupsOf(properties: JsonObject): AccountLink[] {
  return Object.entries(objectOf(properties['$groups']) ?? {}).flatMap(([type, key]) => {
    const field = readGroupId(type, key);
    return 'value' in field && field.value !== null ? [{ groupId: field.value.groupId }] : [];
  });
}

/** Reads what an account is like. */
export function readGroup(properties: JsonObject): Field<DescribedGroup> {
  const group = readGroupId(properties['$group_type'], properties['$group_key']);
  if ('fault' in group) return group;
  if (group.value === null) return faulty('invalid_event', '$group_type and $group_key must be given');
  const traits = readTraits(properties['$group_set'], 'properties.$group_set');
  if ('fault' in traits) return traits;
  return found({ ...group.value, traits: traits.value ?? {} });
}
