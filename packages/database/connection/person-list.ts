const literal = Symbol('a uuid[] literal');

/**
 * People whose ids travel from one statement to the next. The ids stay one text on the wire: a list of thousands would
 * cost more to read and to write than the statements themselves.
 */
export type PersonList = {
  readonly [literal]: string;
  readonly isEmpty: boolean;
  readonly ids: () => readonly string[];
  readonly has: (personId: string) => boolean;
  /** The people of both lists, each once. */
  readonly union: (other: PersonList) => PersonList;
};

/** @param text a `uuid[]` literal, as PostgreSQL writes it; null for nobody */
export function personListOf(text: string | null): PersonList {
  const own = text ?? '{}';
  const isEmpty = own === '{}';
  const ids = (): readonly string[] => (isEmpty ? [] : own.slice(1, -1).split(','));
  let known: ReadonlySet<string> | null = null;
  const list: PersonList = {
    [literal]: own,
    isEmpty,
    ids,
    has: (personId) => (known ??= new Set(ids())).has(personId),
    union: (other) => {
      if (isEmpty) return other;
      if (other.isEmpty) return list;
      return personListOf(`{${[...new Set([...ids(), ...other.ids()])].join(',')}}`);
    },
  };
  return list;
}

/** The list as a parameter of a statement: a `uuid[]` literal. */
export function personArray(list: PersonList): string {
  return list[literal];
}

export const NOBODY: PersonList = personListOf(null);
