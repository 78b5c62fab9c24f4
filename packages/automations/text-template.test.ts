import fc from 'fast-check';
import { fillTemplate, templateFault, TEXT_FIELDS } from './text-template';

test.each(TEXT_FIELDS)('%s is a field, with or without blanks around it', (field) => {
  for (const text of [`{{${field}}}`, `{{ ${field} }}`, `a {{${field}}} b {{${field}}}`]) {
    expect(templateFault(text)).toBeNull();
    expect(fillTemplate(text, (name) => `<${name}>`)).toBe(text.replaceAll(/\{\{.*?\}\}/g, `<${field}>`));
  }
});

test.each([
  '{{person.name}}',
  '{{}}',
  '{{ Person.email }}',
  '{{person}}',
  '{{__proto__}}',
  '{{constructor}}',
])('%s is refused, and the known fields are named', (text) => {
  expect(templateFault(`Hi {{event}} ${text}`)).toContain(`${text} is no field; known fields: person.id,`);
});

test.each(['{{person.email', 'a {{ b', '{{event}} {{', '{{{event}'])(
  '%j is refused: it begins no field',
  (text) => {
    expect(templateFault(text)).toContain('"{{" begins no field');
  },
);

test.each(['', 'plain', 'a } b', 'a }} b', '{event}', '{ {event} }'])('%j is a text as it is', (text) => {
  expect(templateFault(text)).toBeNull();
  expect(fillTemplate(text, () => 'x')).toBe(text);
});

test('a value is never read as a template, whatever it holds', () => {
  const value = fc.oneof(fc.string(), fc.constantFrom('{{event}}', '$&', '$1', "$'", '{{', '}}'));
  fc.assert(
    fc.property(value, value, (email, id) => {
      const filled = fillTemplate('{{person.email}}|{{person.id}}', (field) =>
        field === 'person.email' ? email : id,
      );
      expect(filled).toBe(`${email}|${id}`);
    }),
  );
});
