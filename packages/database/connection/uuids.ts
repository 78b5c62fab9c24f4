/** The first and the last of all ids, for pages that begin or end with the list. */
export const FIRST_UUID = '00000000-0000-0000-0000-000000000000';
export const LAST_UUID = 'ffffffff-ffff-ffff-ffff-ffffffffffff';

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** Whether PostgreSQL takes a text for a UUID, in the one form that is given out. */
export function isUuid(text: string): boolean {
  return UUID.test(text);
}
