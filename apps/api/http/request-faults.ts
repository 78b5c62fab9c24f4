import { type Fault, formatPath } from '#criteria';
import { isStorable, NOT_STORABLE } from '#events';
import { BODY_NESTING_MAX, BODY_VALUES_MAX } from './limits';

type Place = { readonly key: string | number; readonly parent: Place | null };
type Frame = { readonly value: unknown; readonly place: Place | null; readonly level: number };

function pathOf(place: Place | null): string {
  const path: (string | number)[] = [];
  for (let at = place; at !== null; at = at.parent) path.unshift(at.key);
  return formatPath(path);
}

/** What no schema has to say of a body. */
export type BodyFaults = {
  /** It is too large to be looked at any further: nothing else is told. */
  readonly isTooLarge: boolean;
  readonly faults: readonly Fault[];
};

/**
 * Checks a whole body before any schema does. The number of its values is limited: a schema would refuse them one by
 * one. And every text in it must be storable, in every field.
 */
export function bodyFaults(body: unknown): BodyFaults {
  const faults: Fault[] = [];
  const frames: Frame[] = [{ value: body, place: null, level: 0 }];
  let values = 0;
  for (let frame = frames.pop(); frame !== undefined; frame = frames.pop()) {
    const { value, place, level } = frame;
    values += 1;
    if (values > BODY_VALUES_MAX) {
      return tooLarge({ path: '', message: `must have at most ${BODY_VALUES_MAX} values in all` });
    }
    if (typeof value === 'string' && !isStorable(value)) {
      faults.push({ path: pathOf(place), message: NOT_STORABLE });
    }
    if (typeof value !== 'object' || value === null) continue;
    if (level === BODY_NESTING_MAX) {
      return tooLarge({ path: '', message: `must not nest deeper than ${BODY_NESTING_MAX} levels` });
    }
    const isList = Array.isArray(value);
    for (const [key, child] of Object.entries(value)) {
      const under = { key: isList ? Number(key) : key, parent: place };
      if (!isStorable(key)) faults.push({ path: pathOf(under), message: NOT_STORABLE });
      frames.push({ value: child, place: under, level: level + 1 });
    }
  }
  return { isTooLarge: false, faults };
}

/** Parameters of a query that are no UTF-8 once decoded: the parser would replace what is none. */
export function encodingFaults(url: string): Fault[] {
  const start = url.indexOf('?');
  const parameters = start === -1 ? [] : url.slice(start + 1).split('&');
  return parameters.flatMap((parameter) => {
    try {
      decodeURIComponent(parameter);
      return [];
    } catch {
      const [name = ''] = parameter.split('=');
      return [{ path: name.slice(0, 200), message: 'is not valid percent-encoding of UTF-8' }];
    }
  });
}

function tooLarge(fault: Fault): BodyFaults {
  return { isTooLarge: true, faults: [fault] };
}
