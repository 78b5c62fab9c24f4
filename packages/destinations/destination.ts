import type { Action, Automation, DestinationKind } from '#automations';

export type DeliveryType = 'segment.entered' | 'segment.exited';

/** One attempt to be made. */
export type DeliveryRequest = {
  /** The idempotency key: the same on every attempt. */
  readonly deliveryId: string;
  readonly type: DeliveryType;
  readonly action: Action;
  /** The instant of the transition, epoch ms. */
  readonly occurredAtMs: number;
  readonly automation: Automation;
  /** What was rendered, the same bytes on every attempt; null for destinations that render nothing. */
  readonly body: string | null;
  readonly person: Recipient;
  /**
   * What adds may have left of the person in that audience (`identifierOf`), and what no removal has taken out since;
   * empty for destinations that hold no state.
   */
  readonly identifiers: readonly string[];
  /**
   * What is put in or taken out, as `identifierOf` made it, even if it is another person's by now: an entry of a synced
   * audience. If absent: the person, as they are now.
   */
  readonly entry?: string;
  /** 1 for the first. */
  readonly attempt: number;
};

/** The person that a delivery is about, as they are now. */
export type Recipient = {
  readonly id: string;
  readonly userId: string | null;
  readonly email: string | null;
  readonly phone: string | null;
};

/** What there is to tell of a transition; instants in epoch ms. */
export type TransitionEvent = {
  readonly deliveryId: string;
  readonly type: DeliveryType;
  readonly timestampMs: number;
  readonly segment: { readonly id: string; readonly name: string };
  readonly person: {
    readonly id: string;
    readonly userId: string | null;
    readonly email: string | null;
    readonly phone: string | null;
    readonly traits: Readonly<Record<string, unknown>>;
    readonly features: Readonly<Record<string, number>>;
  };
  readonly membership: { readonly enteredAtMs: number; readonly exitedAtMs: number | null };
};

/** What an automation is tried out with: no transition of anybody. `nowMs` in epoch ms. */
export type SampleEvent = {
  readonly id: string;
  readonly segment: { readonly id: string; readonly name: string };
  readonly nowMs: number;
};

/** What is held up: every delivery of this kind of destination, those with the same `endpointOf`, or this one alone. */
export type Scope = 'destination' | 'endpoint' | 'delivery';

/**
 * What an attempt means for its delivery.
 * - `retry`: try again, not before `afterMs` if given. With a `scope` other than `delivery` it was throttled: all of
 *   that must wait as long, and the attempt uses up no try. `outcomeUnknown`: the receiver may have got the request,
 *   and may act on it until the attempt's time (15 s) is over: no other state of the same key is sent before
 * - `final`: this delivery can never succeed
 * - `halt`: nothing sent there can succeed until somebody acts (a dead token, a missing audience), or for `afterMs`
 *   where the end is known (a quota); it uses up no try
 * - `skipped`: nothing was sent, and nothing is wrong
 */
export type Outcome =
  | { readonly kind: 'delivered' }
  | {
      readonly kind: 'retry';
      readonly error: string;
      /** Absent: the delivery. */
      readonly scope?: Scope;
      readonly afterMs?: number;
      readonly outcomeUnknown?: true;
    }
  | { readonly kind: 'final'; readonly error: string }
  | {
      readonly kind: 'halt';
      readonly scope: Exclude<Scope, 'delivery'>;
      readonly error: string;
      readonly afterMs?: number;
    }
  | { readonly kind: 'skipped'; readonly reason: string };

/** A quota that an answer says is used up or nearly so. It is independent of the request's own outcome. */
export type Pause = {
  readonly scope: Exclude<Scope, 'delivery'>;
  readonly afterMs: number;
  readonly reason: string;
};

export type AttemptResult = {
  readonly outcome: Outcome;
  readonly httpStatus: number | null;
  /** The outcome's error, or what went wrong beside a delivery that succeeded. */
  readonly error: string | null;
  readonly durationMs: number;
  /** A webhook receiver's answer, at most 16 KB, storable as text; null for the other destinations. */
  readonly responseBody: string | null;
  /** What is to wait before anything more is sent there. */
  readonly pause?: Pause;
};

export type Configured = { readonly ok: true } | { readonly ok: false; readonly reason: string };

/** At most `max` in each `perMs`. */
export type Rate = { readonly max: number; readonly perMs: number };

/** Takes identifiers (`identifierOf`) apart. */
export type IdentifierParts = {
  readonly of: (identifier: string) => readonly string[];
  /** What is left of an identifier without some of its parts; null: nothing that can be sent. */
  readonly without: (identifier: string, parts: ReadonlySet<string>) => string | null;
};

/** A kind of place that deliveries go to. Its answers are values; it throws on programming errors only. */
export interface Destination {
  readonly kind: DestinationKind;
  /** See `nextAttemptDelayMs`. */
  readonly retryDelaysMs: readonly number[];
  /** How many deliveries of one endpoint and action go in one call, and how long to gather them. */
  readonly group: { readonly max: number; readonly windowMs: number };
  /** A limit on attempts, all processes together; read it each time, for it may follow what the receiver states. */
  readonly rate?: Rate;
  isConfigured(): Configured;
  /** There for the kinds that render a body (`rendersBody`). */
  readonly body?: {
    /** Tells of a transition: rendered once, then sent as the same bytes on every attempt. */
    render(event: TransitionEvent, automation: Automation): string;
    /** To try an automation out with: marked as a test, and about nobody. */
    renderSample(event: SampleEvent, automation: Automation): string;
  };
  /**
   * What an add leaves of the person at the receiver. It is kept before the attempt, and no matter what comes of it: a
   * later removal must take out what was put in, by an address that is old by then too. A delivered add leaves this one
   * alone (earlier ones were taken out), and a removal leaves none. Null: nothing that is sent.
   */
  identifierOf?(person: Recipient): string | null;
  /** What identifiers consist of, where two may share a part, so that taking one out may take out the other. */
  readonly parts?: IdentifierParts;
  /**
   * Asks the receiver for the audience of an automation and changes nothing: what comes back shows whether the
   * credentials are good and the audience is there. Absent where a sample may be sent instead.
   */
  check?(automation: Automation, signal: AbortSignal): Promise<AttemptResult>;
  /**
   * Makes one attempt for all of a group, which share endpoint and action. `signal` cuts it short (what was not done
   * by then is `retry` with the error `ABORTED`).
   * @returns a result for each request, in their order
   */
  deliver(requests: readonly DeliveryRequest[], signal: AbortSignal): Promise<readonly AttemptResult[]>;
}

/** The destinations by their kinds. */
export type Destinations = Readonly<Record<DestinationKind, Destination>>;

/** The group of a destination that takes one delivery a call. */
export const ONE_BY_ONE: Destination['group'] = { max: 1, windowMs: 0 };

/** Delivers requests side by side, for a destination that takes one a call. */
export function deliverEach(
  deliverOne: (request: DeliveryRequest, signal: AbortSignal) => Promise<AttemptResult>,
): Destination['deliver'] {
  return (requests, signal) => Promise.all(requests.map((request) => deliverOne(request, signal)));
}
