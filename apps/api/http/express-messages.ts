import { IncomingMessage, type ServerOptions, ServerResponse } from 'node:http';
import { Socket } from 'node:net';
import type { Express } from 'express';

type Callable = (this: object, ...args: unknown[]) => void;

/** What `base` makes, with `prototype` from the first moment on. */
function withPrototype<Base extends typeof IncomingMessage | typeof ServerResponse>(
  base: Base,
  prototype: object,
): Base {
  function Message(this: object, ...args: unknown[]): void {
    Reflect.apply(base as unknown as Callable, this, args);
  }
  Message.prototype = prototype;
  return Message as unknown as Base;
}

/**
 * The kinds of request and response for a server that serves one Express app. Express gives each message its prototype
 * when it comes in, and an object whose prototype was changed is a slow one for all of its life: more than half of a small
 * request's CPU. Made with that prototype, nothing is left to change.
 * @returns none where Node's own kinds are classes, which can't be called so
 */
export function messagesOf(app: Express): Pick<ServerOptions, 'IncomingMessage' | 'ServerResponse'> {
  const Request = withPrototype(IncomingMessage, app.request);
  const Response = withPrototype(ServerResponse, app.response);
  try {
    return new Response(new Request(new Socket())) instanceof ServerResponse
      ? { IncomingMessage: Request, ServerResponse: Response }
      : {};
  } catch {
    return {};
  }
}
