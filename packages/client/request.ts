import { ProblemError } from './problem-error';

type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
type Parts = {
  readonly body?: unknown;
  readonly query?: Readonly<Record<string, string | number | undefined>>;
};

export type RequestSettings = {
  readonly api: string;
  readonly key: string | undefined;
  readonly fetch: (url: string, init: RequestInit) => Promise<Response>;
};

function queryOf(query: Parts['query'] = {}): string {
  const given = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) if (value !== undefined) given.set(name, String(value));
  const text = given.toString();
  return text === '' ? '' : `?${text}`;
}

async function problemOf(response: Response): Promise<ProblemError> {
  // A proxy in between may answer with anything.
  const problem: unknown = await response.json().catch(() => ({}));
  const seconds = Number(response.headers.get('retry-after') ?? Number.NaN);
  return new ProblemError(
    response.status,
    typeof problem === 'object' && problem !== null ? problem : {},
    Number.isFinite(seconds) ? seconds : null,
  );
}

/** @returns a function that makes one request and resolves to the answer. It throws a ProblemError. */
export function makeFetch({ api, key, fetch }: RequestSettings) {
  return async (method: Method, path: string, { body, query }: Parts = {}): Promise<Response> => {
    const headers: Record<string, string> = {};
    if (key !== undefined) headers['authorization'] = `Bearer ${key}`;
    if (body !== undefined) headers['content-type'] = 'application/json';
    const response = await fetch(`${api}${path}${queryOf(query)}`, {
      method,
      headers,
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    if (!response.ok) throw await problemOf(response);
    return response;
  };
}

/** @returns a function that makes one request and resolves to the answer's body. It throws a ProblemError. */
export function makeRequest(settings: RequestSettings) {
  const request = makeFetch(settings);
  return async <Answer>(method: Method, path: string, parts: Parts = {}): Promise<Answer> => {
    const response = await request(method, path, parts);
    // The server's handlers are typed by the schemas that the answers are typed by here.
    const answer: unknown = response.status === 204 ? undefined : await response.json();
    return answer as Answer;
  };
}
