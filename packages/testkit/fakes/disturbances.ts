import { type Handler, type ReceivedRequest, reply } from './fake-receiver';

/**
 * How a fake goes wrong at a request. `apply` does what the request asks for and gives the answer that would be true:
 * a disturbance calls it at once, later, or never.
 */
export type Disturbance = (apply: () => Handler) => Handler;

/** Picks how each request is disturbed; null: not at all. */
export type Disturber = (request: ReceivedRequest) => Disturbance | null;

/** The part of a fake that makes it go wrong. */
export type Disturbances = {
  /** Answers the next requests with these, in order, before it goes back to its normal behaviour. */
  interject(...handlers: Handler[]): void;
  /** Goes wrong as this says, from now on; null: no more. */
  disturb(disturber: Disturber | null): void;
};

/** What a fake asks for each answer. */
export type Answer = (request: ReceivedRequest, apply: () => Handler) => Handler;

/** The part of a fake that makes it go wrong, and what it is to ask for each answer. */
export function makeDisturbances(): { readonly disturbances: Disturbances; readonly answer: Answer } {
  const interjections: Handler[] = [];
  let disturber: Disturber | null = null;
  return {
    disturbances: {
      interject: (...handlers) => {
        interjections.push(...handlers);
      },
      disturb: (next) => {
        disturber = next;
      },
    },
    answer: (request, apply) => interjections.shift() ?? (disturber?.(request) ?? applied)(apply),
  };
}

const applied: Disturbance = (apply) => apply();

/** Nothing is done, and the answer is this one. */
export function refuseWith(handler: Handler): Disturbance {
  return () => handler;
}

/** Cuts the connection without an answer. */
export const reset: Handler = (_request, response) => {
  response.socket?.resetAndDestroy();
};

/** Never answers. */
export const hang: Handler = () => undefined;

/** Answers 200 with a body that breaks off. */
export const breakOff: Handler = (_request, response) => {
  response.writeHead(200, { 'content-type': 'application/json', 'content-length': '1000' });
  response.write('{"object":"con', () => response.destroy());
};

/** Answers 200 at once, and then so slowly that the body never ends. */
export const dribble: Handler = (_request, response) => {
  response.writeHead(200, { 'content-type': 'application/json' });
  const timer = setInterval(() => response.write(' '), 20);
  response.on('close', () => clearInterval(timer));
};

/** An error page of something in between. */
export function errorPage(status: number, headers: Readonly<Record<string, string>> = {}): Handler {
  const html = { 'content-type': 'text/html', ...headers };
  return reply(status, { headers: html, body: '<html><body>Bad gateway</body></html>' });
}

/** The request is done, and its answer lost. */
export const loseAnswer: Disturbance = (apply) => {
  apply();
  return reset;
};

/** Hangs, and does what the request asks for `afterMs` later, even if nobody waits any more. */
export function applyLate(afterMs: number): Disturbance {
  return (apply) => () => void setTimeout(apply, afterMs);
}

/**
 * Every form of `Retry-After` that is met in the wild, the useless ones among them.
 * @param waitMs what those ask for that can be understood; whole seconds where they are counted in seconds
 */
export function retryAfterForms(waitMs: number): string[] {
  const seconds = Math.ceil(waitMs / 1_000);
  const date = new Date(Date.now() + seconds * 1_000).toUTCString();
  return [`${seconds}`, ` ${seconds} `, `${waitMs / 1_000}`, date, '0', '-1', 'soon', '', '1 banana'];
}

/**
 * Disturbs a share of the requests, by all of this file's means and `answers` of the vendor's own.
 * @param share 0 to 1
 * @param random a number in [0, 1); a seeded one repeats a run
 */
export function disturbAtRandom(input: {
  readonly share: number;
  readonly random: () => number;
  /** A throttling answer; given a `Retry-After`. */
  readonly throttled: (retryAfter: string) => Handler;
  readonly answers?: readonly Handler[];
  /** When a call that hung is applied. */
  readonly lateMs?: number;
}): Disturber {
  const { share, random, throttled, answers = [], lateMs = 50 } = input;
  const pick = <T>(choices: readonly T[]): T | undefined => choices[Math.floor(random() * choices.length)];
  const refusals = [reset, hang, breakOff, dribble, errorPage(502), errorPage(503), reply(200), ...answers];
  return () => {
    if (random() >= share) return null;
    const throttle = throttled(pick(retryAfterForms(1_000)) ?? '1');
    const choices = [loseAnswer, applyLate(lateMs), ...[...refusals, throttle].map(refuseWith)];
    return pick(choices) ?? null;
  };
}
