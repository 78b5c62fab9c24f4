import type { JsonObject } from '../../event';
import type { IncomingEvent } from '../../incoming';
import { type Field, found } from '../field';
import { readTraits } from '../read-fields';
import { listOf } from '../reading';

/** Traits of both places: browsers put `$set` beside the properties, servers among them. */
function readBoth(item: JsonObject, properties: JsonObject, name: '$set' | '$set_once'): Field<JsonObject> {
  const beside = readTraits(item[name], name);
  if ('fault' in beside) return beside;
  const among = readTraits(properties[name], `properties.${name}`);
  if ('fault' in among) return among;
  return found({ ...beside.value, ...among.value });
}

/** What an event of any name sets on its person, sets only where nothing is, and removes. */
export function traitsOf(
  item: JsonObject,
  properties: JsonObject,
): Field<Pick<IncomingEvent, 'traits' | 'traitsOnce'>> {
  const set = readBoth(item, properties, '$set');
  if ('fault' in set) return set;
  const once = readBoth(item, properties, '$set_once');
  if ('fault' in once) return once;
  const unset = [...listOf(item['$unset']), ...listOf(properties['$unset'])].filter(
    (name): name is string => typeof name === 'string',
  );
  const removed = readTraits(Object.fromEntries(unset.map((name) => [name, null])), '$unset');
  if ('fault' in removed) return removed;
  const traits = { ...removed.value, ...set.value };
  return found({
    ...(Object.keys(traits).length === 0 ? {} : { traits }),
    ...(Object.keys(once.value).length === 0 ? {} : { traitsOnce: once.value }),
  });
}
