import type { AutomationConfig, DestinationKind } from '#automations';
import type { Handler } from '../../testkit/fakes';
import type { Destination } from '../destination';

/** What the suite has to know of a destination. */
export type Conforming = {
  readonly kind: DestinationKind;
  /** As a user gives it: one automation of this kind that acts on entering. */
  readonly config: AutomationConfig;
  /** The destination with its credentials. */
  readonly make: (place: {
    readonly origin: string;
    readonly timeoutMs: number;
    readonly now: () => number;
  }) => Destination;
  /** Without them; null where it needs none. */
  readonly makeUnconfigured: (() => Destination) | null;
  /** The credential that must be seen nowhere but where it belongs. */
  readonly secret: string;
  readonly secretIn: 'header' | 'url';
  /** The body that the dispatcher renders; null where it renders none. */
  readonly body: string | null;
  /** What the receiver answers when all is well. */
  readonly success: Handler;
  /** A refusal in the receiver's own form, with these words in it. */
  readonly refusal: (status: number, message: string) => Handler;
  /** What of an answer decides: that its headers say so, or what its body says. */
  readonly believes: 'headers' | 'body';
  /** What of a person may stand in a request. */
  readonly tells: 'everything' | 'the e-mail address' | 'hashes';
};
