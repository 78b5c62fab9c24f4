import { AxiosHeaders } from 'axios';
import { RESERVED } from '#automations';

/** Every property that an object has, its own and those it inherits. */
function propertiesOf(start: object): string[] {
  const names: string[] = [];
  for (let one: object | null = start; one !== null; one = Object.getPrototypeOf(one))
    names.push(...Object.getOwnPropertyNames(one));
  return names;
}

test('axios keeps headers as properties of an object: none of its own names can be configured', () => {
  // `__proto__` is a setter of all objects.
  expect([...RESERVED].toSorted()).toEqual([...new Set(propertiesOf(AxiosHeaders.prototype))].toSorted());
});
