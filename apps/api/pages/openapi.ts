import { z } from 'zod';
import { problemSchema } from '#api-schemas';
import { criteriaSchema } from '#criteria';
import type { Route, RouteDescription } from '../http/route';

type Schema = Record<string, unknown>;
type Content = Record<string, { readonly schema: Schema }>;
type Parameter = {
  readonly name: string;
  readonly in: 'path' | 'query';
  readonly required: boolean;
  readonly schema: Schema;
};

export type Operation = {
  readonly operationId: string;
  readonly summary: string;
  readonly description?: string;
  readonly tags: readonly string[];
  readonly parameters: readonly Parameter[];
  readonly requestBody?: { readonly required: boolean; readonly content: Content };
  readonly responses: Record<string, { readonly description: string; readonly content?: Content }>;
  readonly security?: readonly Record<string, readonly string[]>[];
};

/** The parts of an OpenAPI 3.1 document that we write. */
export type OpenApi = {
  readonly openapi: '3.1.0';
  readonly info: { readonly title: string; readonly version: string; readonly description: string };
  readonly paths: Record<string, Record<string, Operation>>;
  readonly components: Record<string, Record<string, Schema>>;
};

const CRITERIA_REF = '#/components/schemas/Criteria';

/** A zod schema as JSON Schema. Criteria nest in themselves: they stand once, under the components. */
function schemaOf(schema: z.ZodType, io: 'input' | 'output'): Schema {
  // What is left in $defs is the criteria, which nobody here refers to any more.
  const {
    $schema: _,
    $defs: _unused,
    ...json
  } = z.toJSONSchema(schema, {
    io,
    unrepresentable: 'any',
    override: ({ zodSchema, jsonSchema }) => {
      if (zodSchema !== criteriaSchema) return;
      for (const key of Object.keys(jsonSchema)) Reflect.deleteProperty(jsonSchema, key);
      jsonSchema.$ref = CRITERIA_REF;
    },
  });
  return json;
}

function criteriaComponent(): Schema {
  const {
    $schema: _,
    $defs,
    ...root
  } = z.toJSONSchema(criteriaSchema, { io: 'output', unrepresentable: 'any' });
  const [node] = Object.entries($defs ?? {});
  const text = JSON.stringify(node === undefined ? root : node[1]);
  const own = node === undefined ? '"#"' : `"#/$defs/${node[0]}"`;
  const component: unknown = JSON.parse(text.replaceAll(own, `"${CRITERIA_REF}"`));
  return typeof component === 'object' && component !== null ? { ...component } : {};
}

function queryParameters(query: z.ZodType | undefined): Parameter[] {
  if (query === undefined) return [];
  const { properties = {}, required = [] } = z.toJSONSchema(query, { io: 'input', unrepresentable: 'any' });
  return Object.entries(properties).map(([name, schema]) => ({
    name,
    in: 'query',
    required: required.includes(name),
    schema: typeof schema === 'object' ? { ...schema } : {},
  }));
}

function pathParameters(path: string): Parameter[] {
  return [...path.matchAll(/:(\w+)/g)].map(([, name = '']) => ({
    name,
    in: 'path',
    required: true,
    schema: { type: 'string' },
  }));
}

const PROBLEM = { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } };
const REFUSALS: Readonly<Record<number, string>> = {
  400: 'Not valid; `errors` lists every fault with its path',
  401: 'No key, or a wrong one',
  404: 'There is no such thing',
  409: 'Not in this state',
  413: 'The body is larger than 1 MiB',
  415: 'The body is not JSON',
  503: 'The queue or the database can not be reached',
};

function responsesOf(
  { answers, refusals = [], query, body, produces }: RouteDescription,
  isOpen: boolean,
): Operation['responses'] {
  const responses: Operation['responses'] = {};
  if (produces !== undefined) {
    const content = Object.fromEntries(produces.map((type) => [type, { schema: { type: 'string' } }]));
    responses[200] = { description: 'Done', content };
  }
  for (const [status, schema] of Object.entries(answers)) {
    const type = Number(status) < 400 ? 'application/json' : 'application/problem+json';
    responses[status] = {
      description: Number(status) < 400 ? 'Done' : (REFUSALS[Number(status)] ?? 'Refused'),
      ...(schema === null ? {} : { content: { [type]: { schema: schemaOf(schema, 'output') } } }),
    };
  }
  const takes = query !== undefined || body !== undefined;
  for (const status of [...(takes ? [400] : []), ...(isOpen ? [] : [401]), ...refusals]) {
    responses[status] = { description: REFUSALS[status] ?? 'Refused', content: PROBLEM };
  }
  return responses;
}

function operationOf({ method, path, access, description }: Route): Operation {
  const { summary, notes, tag, query, body } = description;
  const words = path.split('/').filter((part) => part !== '' && part !== 'api' && part !== 'growth');
  const name = words.map((word) => word.replace(/^:/, 'by-').replaceAll(/[^\w-]/g, '')).join('-');
  return {
    operationId: `${method}-${name}`,
    summary,
    ...(notes === undefined ? {} : { description: notes }),
    tags: [tag],
    parameters: [...pathParameters(path), ...queryParameters(query)],
    ...(body === undefined
      ? {}
      : {
          requestBody: {
            required: !body.safeParse(undefined).success,
            content: { 'application/json': { schema: schemaOf(body, 'input') } },
          },
        }),
    responses: responsesOf(description, access === 'open'),
    security: access === 'open' ? [] : [{ key: [] }],
  };
}

/** The API's description (OpenAPI 3.1), made of the schemas that requests are parsed with. */
export function openApiOf(routes: readonly Route[]): OpenApi {
  const paths: OpenApi['paths'] = {};
  for (const route of routes) {
    const path = route.path.replaceAll(/:(\w+)/g, '{$1}');
    paths[path] = { ...paths[path], [route.method]: operationOf(route) };
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'Segment Engine',
      version: '0.1.0',
      description:
        'Events in, segment transitions and automations out. All errors are problem+json (RFC 9457).',
    },
    paths,
    components: {
      schemas: { Criteria: criteriaComponent(), Problem: schemaOf(problemSchema, 'output') },
      securitySchemes: { key: { type: 'http', scheme: 'bearer' } },
    },
  };
}
