import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { Request, Response } from 'express';
import type { z } from 'zod';
import { DOWNLOAD_STALL_MS } from './limits';
import { type ParamsOf, parseRequest, type Route, type RouteDescription } from './route';

/** A file that is written as it is read. */
export type Download = {
  readonly type: string;
  readonly fileName: string;
  readonly chunks: AsyncIterable<string>;
};

type Definition<Path extends string, Query extends z.ZodType> = {
  readonly path: Path;
  readonly query: Query;
  /** A client that takes nothing for this long (ms) is cut off. */
  readonly stallMs?: number | undefined;
  readonly description: Omit<RouteDescription, 'answers' | 'query'> & {
    readonly produces: readonly string[];
  };
  readonly handle: (input: {
    readonly params: Readonly<Record<ParamsOf<Path>, string>>;
    readonly query: z.output<Query>;
  }) => Promise<Download>;
};

const isGone = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && error.code === 'ERR_STREAM_PREMATURE_CLOSE';

/** What is read ahead of the first byte that is sent, so that a failure to read at all is still told as a problem. */
async function begin(chunks: AsyncIterable<string>): Promise<AsyncIterable<string>> {
  const rest = chunks[Symbol.asyncIterator]();
  const first = await rest.next();
  return (async function* joined() {
    if (first.done !== true) yield first.value;
    yield* { [Symbol.asyncIterator]: () => rest };
  })();
}

async function sendDownload(
  request: Request,
  response: Response,
  download: Download,
  stallMs: number,
): Promise<void> {
  const isHead = request.method === 'HEAD';
  const chunks = isHead ? [] : await begin(download.chunks);
  response.set({
    'Content-Type': download.type,
    'Content-Disposition': `attachment; filename="${download.fileName}"`,
    'Cache-Control': 'no-store',
  });
  // Also where nothing is left to read: a client that takes nothing holds a place that others wait for.
  response.setTimeout(stallMs, () => response.destroy());
  try {
    // Reads on only as the client takes it. A failure in the middle cuts the connection: what is there must not look
    // like the whole file.
    await pipeline(Readable.from(chunks), response);
  } catch (error) {
    // A client that went away ended the reading: that is all there is to do.
    if (!isGone(error)) throw error;
  }
}

/** Makes a route (GET, for administrators) that answers with a file. */
export function defineDownload<const Path extends string, Query extends z.ZodType>({
  path,
  query,
  stallMs = DOWNLOAD_STALL_MS,
  description,
  handle,
}: Definition<Path, Query>): Route {
  return {
    method: 'get',
    path,
    access: 'admin',
    takesJson: false,
    description: { ...description, query, answers: {} },
    handle: async (request, response) => {
      const parsed = parseRequest(request, query, undefined);
      const download = await handle({
        params: request.params as Record<ParamsOf<Path>, string>,
        query: parsed.query as z.output<Query>,
      });
      await sendDownload(request, response, download, stallMs);
    },
  };
}
