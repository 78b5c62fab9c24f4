/** How deep `all`, `any` and `not` may nest: the outermost criteria lies at depth 0. */
export const NESTING_MAX = 8;
/** How many conditions one criteria may hold, nested ones included. */
export const CONDITIONS_MAX = 200;
/** How many entries any one list or object inside a criteria may hold. */
export const ENTRIES_MAX = 1_000;

/**
 * How many values one criteria may hold at any depth: refusing each of 200,000 takes zod 3 s, of 20,000 a
 * third of one.
 */
export const VALUES_MAX = 20_000;

/**
 * The deepest legal value below a criteria node is `events[0].where.<name>.in[0]`; what lies deeper the schema
 * refuses unseen.
 */
const PART_DEPTH_MAX = 6;

type Place = { readonly key: PropertyKey; readonly parent: Place | null };
type Frame = {
  readonly value: unknown;
  readonly place: Place | null;
  readonly nesting: number;
  /** 0 for a criteria node, otherwise the number of keys since the last one. */
  readonly partDepth: number;
};

/** The first bound that a document breaks. */
type BoundsFault = { path: PropertyKey[]; message: string };

/**
 * Checks a document that claims to be a criteria for its size and depth only, before anything recursive sees
 * it: ten thousand nested `not`s must not meet the stack's end, nor a list of half a million wrong values as
 * many issues. Also refuses keys named `__proto__`, which a zod record would drop without a word.
 */
export function findBoundsFault(document: unknown): BoundsFault | null {
  const frames: Frame[] = [{ value: document, place: null, nesting: 0, partDepth: 0 }];
  let conditions = 0;
  let values = 0;
  for (let frame = frames.pop(); frame !== undefined; frame = frames.pop()) {
    if (frame.nesting > NESTING_MAX) {
      return faultAt(frame.place, `all, any and not must not nest more than ${NESTING_MAX} deep`);
    }
    if (frame.partDepth === 0) conditions += countConditions(frame.value);
    if (conditions > CONDITIONS_MAX) {
      return faultAt(null, `must have at most ${CONDITIONS_MAX} conditions in all, nested ones included`);
    }
    values += 1;
    if (values > VALUES_MAX) return faultAt(null, `must have at most ${VALUES_MAX} values in all`);
    const { value } = frame;
    if (typeof value !== 'object' || value === null) continue;
    if (entryCount(value) > ENTRIES_MAX) {
      return faultAt(frame.place, `must have at most ${ENTRIES_MAX} entries`);
    }
    if (Object.hasOwn(value, '__proto__')) {
      return faultAt({ key: '__proto__', parent: frame.place }, '"__proto__" can not be a name');
    }
    pushChildren(frames, frame, value);
  }
  return null;
}

function pushChildren(frames: Frame[], frame: Frame, value: object): void {
  if (frame.partDepth === PART_DEPTH_MAX) return;
  for (const [key, child] of Object.entries(value)) {
    const place = { key: Array.isArray(value) ? Number(key) : key, parent: frame.place };
    if (frame.partDepth > 0 || !isNested(key)) {
      frames.push({ ...frame, value: child, place, partDepth: frame.partDepth + 1 });
    } else if (key === 'not') {
      frames.push({ value: child, place, nesting: frame.nesting + 1, partDepth: 0 });
    } else if (Array.isArray(child) && child.length <= ENTRIES_MAX) {
      child.forEach((node: unknown, index) => {
        frames.push({
          value: node,
          place: { key: index, parent: place },
          nesting: frame.nesting + 1,
          partDepth: 0,
        });
      });
    } else {
      frames.push({ ...frame, value: child, place, partDepth: PART_DEPTH_MAX });
    }
  }
}

/**
 * The conditions written in one node itself, counted as `explain` lists them, and an event's `where` with each of
 * its operators. A node that nests nothing
 * counts as at least one, so that a flood of empty nodes ends at the same bound.
 */
function countConditions(node: unknown): number {
  if (!isObject(node)) return 1;
  let count = 0;
  let nests = false;
  for (const key of Object.keys(node)) {
    const part = node[key];
    if (isNested(key)) nests ||= Array.isArray(part) ? part.length > 0 : true;
    else if (key === 'features' || key === 'person' || key === 'segments') count += entryCount(part);
    else if (key === 'traits') count += countOperators(part);
    else if (key === 'events' && Array.isArray(part)) {
      for (const event of part)
        count += 1 + (isObject(event) && 'where' in event ? countOperators(event['where']) : 0);
    } else count += 1;
  }
  return count === 0 && !nests ? 1 : count;
}

/** The operators in an object of names; 1 for what is no object. */
function countOperators(part: unknown): number {
  if (!isObject(part)) return 1;
  let count = 0;
  for (const name of Object.keys(part)) count += entryCount(part[name]);
  return count;
}

function isNested(key: string): boolean {
  return key === 'all' || key === 'any' || key === 'not';
}

function entryCount(value: unknown): number {
  if (Array.isArray(value)) return value.length;
  return typeof value === 'object' && value !== null ? Object.keys(value).length : 1;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function faultAt(place: Place | null, message: string): BoundsFault {
  const path: PropertyKey[] = [];
  for (let at = place; at !== null; at = at.parent) path.unshift(at.key);
  return { path, message };
}
