/** What a text may speak of. */
export const TEXT_FIELDS = [
  'person.id',
  'person.userId',
  'person.email',
  'person.phone',
  'segment.id',
  'segment.name',
  'event',
  'timestamp',
] as const;
export type TextField = (typeof TEXT_FIELDS)[number];

const PLACEHOLDER = /\{\{([^{}]*)\}\}/g;

function fieldOf(name: string): TextField | null {
  return TEXT_FIELDS.find((field) => field === name.trim()) ?? null;
}

/** Why a text with `{{fields}}` can't be filled in, or null. */
export function templateFault(text: string): string | null {
  const known = `known fields: ${TEXT_FIELDS.join(', ')}`;
  for (const [placeholder, name = ''] of text.matchAll(PLACEHOLDER))
    if (fieldOf(name) === null) return `${placeholder} is no field; ${known}`;
  return text.replaceAll(PLACEHOLDER, '').includes('{{') ? `"{{" begins no field; ${known}` : null;
}

/** A text with each `{{field}}` replaced by its value; `templateFault` is to have found none. */
export function fillTemplate(text: string, valueOf: (field: TextField) => string): string {
  return text.replaceAll(PLACEHOLDER, (placeholder: string, name: string) => {
    const field = fieldOf(name);
    return field === null ? placeholder : valueOf(field);
  });
}
