import type { Request, RequestHandler, Response, Router } from 'express';
import { z } from 'zod';
import { type Fault, faultsOf } from '#criteria';
import { type Audit, auditOf, targetOf } from './audit';
import type { Access } from './auth';
import { bodyFaults, encodingFaults } from './request-faults';
import { readJson } from './json-body';
import { invalid, Problem } from './problem';

export type Method = 'get' | 'post' | 'put' | 'patch' | 'delete';

/** What the API's description tells of a route. Statuses without a schema have no body. */
export type RouteDescription = {
  readonly summary: string;
  /** What the summary has no room for, in Markdown. */
  readonly notes?: string;
  readonly tag: string;
  readonly answers: Answers;
  readonly query?: z.ZodType;
  readonly body?: z.ZodType;
  /** Problems that it answers besides 401, and 400 where it takes something. */
  readonly refusals?: readonly number[];
  /** The media types of a 200 that is no JSON. */
  readonly produces?: readonly string[];
};

/** A method of a path, and who may call it. */
export type Route = {
  readonly method: Method;
  readonly path: string;
  readonly access: Access;
  readonly takesJson: boolean;
  /** Whether what it changes is told to the audit. */
  readonly isAudited?: boolean;
  readonly description: RouteDescription;
  readonly handle: RequestHandler;
};

type Answers = { readonly [status: number]: z.ZodType | null };
/** The names of a path's parameters. */
export type ParamsOf<Path extends string> = Path extends `${string}:${infer Name}/${infer Rest}`
  ? Name | ParamsOf<`/${Rest}`>
  : Path extends `${string}:${infer Name}`
    ? Name
    : never;

/** Handlers give what they have: nobody changes a body. */
type Fixed<T> = T extends readonly (infer Element)[]
  ? readonly Fixed<Element>[]
  : T extends object
    ? { readonly [Key in keyof T]: Fixed<T[Key]> }
    : T;

/** An answer that the route declares: one of its statuses, with the body that belongs to it. */
type ReplyOf<A extends Answers> = {
  [Status in keyof A]: A[Status] extends z.ZodType
    ? { readonly status: Status; readonly body: Fixed<z.input<A[Status]>> }
    : { readonly status: Status };
}[keyof A];

type Definition<Path extends string, Query extends z.ZodType, Body extends z.ZodType, A extends Answers> = {
  readonly method: Method;
  readonly path: Path;
  readonly access: Access;
  readonly summary: string;
  readonly notes?: string;
  readonly tag: string;
  readonly query?: Query;
  readonly body?: Body;
  readonly answers: A;
  readonly refusals?: readonly number[];
  /** It is no GET, and yet changes nothing: a question with a body. */
  readonly changesNothing?: boolean;
  readonly handle: (input: {
    readonly params: Readonly<Record<ParamsOf<Path>, string>>;
    readonly query: z.output<Query>;
    readonly body: z.output<Body>;
    readonly audit: Audit;
  }) => Promise<ReplyOf<A>>;
};

/** Sends JSON. Express's own would look for an ETag, a callback and settings first. */
export function sendJson(response: Response, status: number, body: unknown): void {
  response.statusCode = status;
  response.setHeader('Content-Type', 'application/json; charset=utf-8');
  response.end(JSON.stringify(body));
}

/** The faults of a part by its schema, and those that no schema has to look for. @throws Problem 400 for what is too large */
function partFaults(part: unknown, schema: z.ZodType): { faults: Fault[]; data: unknown } {
  const { isTooLarge, faults: common } = bodyFaults(part);
  if (isTooLarge) throw invalid(common);
  const { error, data } = schema.safeParse(part);
  const own = error ? faultsOf(error, '') : [];
  const told = new Set(own.map(({ path }) => path));
  return { faults: [...own, ...common.filter(({ path }) => !told.has(path))], data };
}

const NO_QUERY = z.strictObject({}, { error: 'unknown parameter; none is known here' });

/** @throws Problem 400 where a query is given to a route that takes none: a mistyped filter must not give everything */
export function refuseQuery(request: Request): void {
  // Cheaper than a look at the parsed query, which is parsed anew each time.
  if (request.url.includes('?')) parseRequest(request, undefined, undefined);
}

/** Parses both parts, so that all faults of a request are told at once. @throws Problem 400 */
export function parseRequest(request: Request, query: z.ZodType | undefined, body: z.ZodType | undefined) {
  const ofQuery = partFaults({ ...request.query }, query ?? NO_QUERY);
  const ofBody = body === undefined ? undefined : partFaults(request.body, body);
  const told = new Set(ofQuery.faults.map(({ path }) => path));
  const encoding = encodingFaults(request.url).filter(({ path }) => !told.has(path));
  const faults = [...ofQuery.faults, ...encoding, ...(ofBody?.faults ?? [])];
  if (faults.length > 0) throw invalid(faults);
  return { query: query === undefined ? undefined : ofQuery.data, body: ofBody?.data };
}

/** Makes a route whose handler gets what was asked, parsed, and returns one of the declared answers. */
export function defineRoute<
  const Path extends string,
  const A extends Answers,
  Query extends z.ZodType = z.ZodUndefined,
  Body extends z.ZodType = z.ZodUndefined,
>(definition: Definition<Path, Query, Body, A>): Route {
  const { method, path, access, query, body, changesNothing = false, handle } = definition;
  // Callers who may only send events change no settings: they send an event.
  const isAudited = method !== 'get' && access === 'admin' && !changesNothing;
  return {
    method,
    path,
    access,
    takesJson: body !== undefined,
    isAudited,
    description: definition,
    handle: async (request, response) => {
      const parsed = parseRequest(request, query, body);
      const audit = auditOf(request);
      const reply = await handle({
        params: request.params as Record<ParamsOf<Path>, string>,
        query: parsed.query as z.output<Query>,
        body: parsed.body as z.output<Body>,
        audit,
      });
      if (isAudited) await audit.settle(targetOf(request.params));
      if ('body' in reply) sendJson(response, Number(reply.status), reply.body);
      else response.status(Number(reply.status)).end();
    },
  };
}

function methodsOf(routes: readonly Route[], path: string): string {
  const methods = routes.filter((route) => route.path === path).map((route) => route.method.toUpperCase());
  return [...methods, ...(methods.includes('GET') ? ['HEAD'] : []), 'OPTIONS'].join(', ');
}

/** Adds routes, in their order; a path that is there answers 405 to methods that it lacks. */
export function mountRoutes(
  router: Router,
  routes: readonly Route[],
  guard: (access: Access) => readonly RequestHandler[],
): void {
  for (const path of new Set(routes.map((route) => route.path))) {
    const onPath = router.route(path);
    for (const route of routes.filter((one) => one.path === path)) {
      onPath[route.method](...guard(route.access), ...(route.takesJson ? readJson : []), route.handle);
    }
    const allow = methodsOf(routes, path);
    onPath.options((_request, response) => void response.status(204).set('Allow', allow).end());
    onPath.all(() => {
      throw new Problem(405, { detail: `Allowed here: ${allow}.`, headers: { Allow: allow } });
    });
  }
}
