import type * as z from 'zod';
import type { HttpRequest, HttpResult, SendHttp } from '../http';

export type MetaSettings = {
  readonly accessToken: string;
  /** Only needed by the conversion event of an automation. */
  readonly pixelId?: string | undefined;
  /** Such as `https://graph.facebook.com`. */
  readonly baseUrl: string;
  /** Such as `v26.0`. */
  readonly apiVersion: string;
};

/** What a call of the Graph API needs besides its content. */
export type GraphCall = {
  readonly settings: MetaSettings;
  readonly send: SendHttp;
  readonly signal: AbortSignal;
};

/** Reads fields of a node. */
export function readGraph(
  { settings, send, signal }: GraphCall,
  { node, fields }: { readonly node: string; readonly fields: string },
): Promise<HttpResult> {
  const url = `${urlOf(settings, node)}?fields=${fields}`;
  return send({ method: 'GET', url, headers: authorization(settings), body: null }, signal);
}

function urlOf({ baseUrl, apiVersion }: MetaSettings, node: string): string {
  return `${baseUrl.replace(/\/+$/, '')}/${apiVersion}/${node}`;
}

/** The token stays out of the URL, which others log. */
function authorization({ accessToken }: MetaSettings): { readonly authorization: string } {
  return { authorization: `Bearer ${accessToken}` };
}

/** Sends a body to an edge of a node. */
export function callGraph(
  { settings, send, signal }: GraphCall,
  request: {
    readonly method: 'POST' | 'DELETE';
    readonly node: string;
    readonly edge: 'users' | 'events';
    readonly body: object;
  },
): Promise<HttpResult> {
  const { method, node, edge, body } = request;
  const http: HttpRequest = {
    method,
    url: `${urlOf(settings, node)}/${edge}`,
    headers: authorization(settings),
    body: JSON.stringify(body),
  };
  return send(http, signal);
}

/** The body of a 2xx in the expected shape, else null. */
export function answerOf<T extends z.ZodType>(result: HttpResult, schema: T): z.output<T> | null {
  if (result.kind === 'failure' || result.status < 200 || result.status >= 300) return null;
  const parsed = schema.safeParse(parseJson(result.body));
  return parsed.success ? parsed.data : null;
}

/** The JSON of an answer; undefined when it is none. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

export function statusOf(result: HttpResult): number | null {
  return result.kind === 'response' ? result.status : null;
}
