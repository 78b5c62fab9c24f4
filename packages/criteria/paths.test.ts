import { formatPath } from './paths';

test.each<[PropertyKey[], string, string]>([
  [[], '', ''],
  [[], 'criteria', 'criteria'],
  [['a', 'b'], '', 'a.b'],
  [['events', 3, 'timestamp'], '', 'events[3].timestamp'],
  [['any', 0, 'features', 'actvDays'], 'criteria', 'criteria.any[0].features.actvDays'],
  [[0, 'a'], '', '[0].a'],
  [['traits', 'first name', 'eq'], '', 'traits["first name"].eq'],
  [['traits', 'a.b', 'eq'], '', 'traits["a.b"].eq'],
  [['traits', '0'], '', 'traits["0"]'],
  [['traits', 'x-y_$1'], '', 'traits.x-y_$1'],
  [['traits', 'say "hi"'], '', 'traits["say \\"hi\\""]'],
])('%j after %j', (path, prefix, text) => {
  expect(formatPath(path, prefix)).toBe(text);
});
