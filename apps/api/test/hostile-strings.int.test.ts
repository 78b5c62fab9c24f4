import { useDatabase } from '#testkit';
import type { OpenApi, Operation } from '../pages/openapi';
import { type Answer, type Api, startApi } from './harness';

// Every text that the API's own description names is given what no database can store: none may end in a 5xx.

const ID = '0190a1b2-0000-7000-8000-00000000dead';
const HOSTILE = ['\0', 'a\0b', '\ud800', 'a\udc00b'];
const CRITERIA = {
  subscription: { status: ['active'], planName: ['pro'] },
  events: [{ eventName: 'seen', within: '7d', where: { plan: { contains: 'p' } } }],
  traits: { plan: { eq: 'pro', neq: 'x', in: ['y'] }, since: { gt: '2026-01-01' } },
  segments: { memberOf: [ID], notMemberOf: [ID] },
  sample: { percent: 5, salt: 'a' },
  all: [{ traits: { a: { eq: 'b' } } }],
  not: { traits: { a: { eq: 'b' } } },
};

type Schema = Readonly<Record<string, unknown>>;

const isObject = (value: unknown): value is Schema =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const listOf = (value: unknown): unknown[] => (Array.isArray(value) ? value : []);

/** Every value that a schema allows, a few of each union. */
function samplesOf(schema: unknown): unknown[] {
  if (!isObject(schema)) return [{}];
  if (typeof schema['$ref'] === 'string') return [CRITERIA];
  if ('const' in schema) return [schema['const']];
  if (Array.isArray(schema['enum'])) return schema['enum'].slice(0, 1);
  const unions = [...listOf(schema['anyOf']), ...listOf(schema['oneOf'])];
  if (unions.length > 0) return unions.flatMap(samplesOf);
  if (Array.isArray(schema['allOf'])) return samplesOf(schema['allOf'][0]);
  const { type } = schema;
  if (type === 'string') return [schema['format'] === 'uuid' ? ID : 'text'];
  if (type === 'integer' || type === 'number') return [1];
  if (type === 'boolean') return [true];
  if (type === 'null') return [null];
  if (type === 'array') return [samplesOf(schema['items'])];
  return samplesOfObject(schema);
}

function samplesOfObject({ properties, additionalProperties }: Schema): unknown[] {
  const parts = isObject(properties) ? Object.entries(properties) : [];
  const extra: unknown[] = isObject(additionalProperties) ? samplesOf(additionalProperties) : [];
  const made = extra.length > 0 ? { 'X-Name': extra[0] } : {};
  const sets = parts.map(([name, part]) => [name, samplesOf(part)] as const);
  const most = Math.max(1, ...sets.map(([, samples]) => samples.length));
  return Array.from({ length: most }, (_none, index) => ({
    ...made,
    ...Object.fromEntries(sets.map(([name, samples]) => [name, samples[index % samples.length]])),
  }));
}

/** The same value over and over, each time with another of its texts or keys replaced. */
function* replaced(value: unknown, hostile: string): Generator<unknown> {
  if (typeof value === 'string') yield hostile;
  if (Array.isArray(value)) {
    for (const [index, part] of value.entries())
      for (const other of replaced(part, hostile)) yield value.with(index, other);
  } else if (isObject(value)) {
    for (const [key, part] of Object.entries(value)) {
      for (const other of replaced(part, hostile)) yield { ...value, [key]: other };
    }
    yield { ...value, [hostile]: 'x' };
  }
}

const database = useDatabase();
let api: Api;
beforeAll(async () => {
  api = await startApi({ databaseUrl: database.url, redisUrl: undefined });
});

test('no text of any body, query or path ends in an error of the server', async () => {
  const { body } = await api.send('GET', '/openapi.json');
  const { paths } = body as OpenApi;
  const wrong: string[] = [];
  const seen = { bodies: 0, queries: 0, paths: 0 };
  const note = (what: string, answer: Answer): void => {
    const isRefused = answer.status >= 400 && answer.status < 500;
    const isProblem = answer.headers['content-type'] === 'application/problem+json; charset=utf-8';
    if (!isRefused || !isProblem) wrong.push(`${answer.status} ${what}`);
  };
  const placed = (path: string, { parameters }: Operation, hostile?: readonly [string, string]): string =>
    parameters
      .filter((one) => one.in === 'path')
      .reduce((text, { name }) => text.replace(`{${name}}`, hostile?.[0] === name ? hostile[1] : ID), path);

  for (const [path, operations] of Object.entries(paths)) {
    for (const [method, operation] of Object.entries(operations)) {
      const name = method.toUpperCase();
      const schema = operation.requestBody?.content['application/json']?.schema;
      for (const sample of schema === undefined ? [] : samplesOf(schema)) {
        for (const hostile of HOSTILE) {
          for (const wrongBody of replaced(sample, hostile)) {
            seen.bodies += 1;
            const text = JSON.stringify(wrongBody);
            note(`${name} ${path} ${text}`, await api.send(name, placed(path, operation), { body: text }));
          }
        }
      }
      for (const parameter of operation.parameters) {
        for (const encoded of ['%00', 'a%00b', '%ED%A0%80']) {
          const isInPath = parameter.in === 'path';
          seen[isInPath ? 'paths' : 'queries'] += 1;
          const target = isInPath
            ? placed(path, operation, [parameter.name, encoded])
            : `${placed(path, operation)}?${parameter.name}=${encoded}`;
          note(`${name} ${target}`, await api.send(name, target, schema === undefined ? {} : { body: {} }));
        }
      }
    }
  }
  expect(wrong).toEqual([]);
  expect(seen.bodies).toBeGreaterThan(300);
  expect(Math.min(seen.queries, seen.paths)).toBeGreaterThan(20);
}, 120_000);
