import * as z from 'zod';
import type { Action, EdgeActions } from '../actions';
import type { Cidr } from '../addresses';

/** The id of an automation, stable over edits. */
export const automationId = z.uuid();

export type WithId = { readonly id?: string | undefined };

/** What every automation has in its normal form: every default applied, its rule spelled out per edge. */
export type NormalForm = {
  readonly kind: string;
  readonly id: string;
  readonly actions: EdgeActions<Action>;
};

/** What the engine knows of a kind that keeps audiences. */
export type AudienceFacts<Normal> = {
  /** The automation that puts entries into an audience and takes them out, whichever segments sync it by now. */
  readonly entryAutomation: (audienceId: string, id: string) => Normal;
  /** Whether it knows people by their e-mail address alone: those who share one are one to it. */
  readonly knowsByAddress: boolean;
};

/** What a secret is for, in its own kind of automation, and where it stands there. */
export type SecretUse = { readonly use: string; readonly path: readonly (string | number)[] };

/** What signs a webhook's requests: one secret, and those that sign beside it until their instants, the newest first. */
export type SigningSecrets = {
  readonly secret?: string | undefined;
  readonly previousSecrets?: { secret: string; until: string }[] | undefined;
};

/**
 * All that the engine knows of a kind of destination outside packages/destinations. Code that loops over the kinds asks
 * here and names none of them.
 */
export type Kind<Posted extends Stored, Stored extends WithId, Normal extends NormalForm> = {
  /** What clients send. `allowed`: the private ranges that a URL may show, null: any address. */
  readonly schema: (allowed: readonly Cidr[] | null) => z.ZodType<Posted, Posted>;
  /** As it lies in the database; a text that is sealed follows none of the rules for what it hides. */
  readonly stored: z.ZodType<Stored, Stored>;
  /** As it is shown, once its secrets are masked: without what only the engine reads. */
  readonly shown: (stored: Stored) => Posted;
  readonly normalise: (stored: Stored & { readonly id: string }) => Normal;
  /** Where it goes. Automations with the same target in two versions of a config are the same one. */
  readonly target: (config: Stored) => string;
  /** Who gets its secrets: they don't follow it elsewhere. Null where nobody does, or they are the target itself. */
  readonly originOf: ((config: Stored) => string) | null;
  /** A copy with each of its secrets changed. */
  readonly mapSecrets: (config: Stored, change: (value: string, use: SecretUse) => string) => Stored;
  /**
   * Keeps a digest of the target beside it; null where the target is no secret. What is sent to one place is told apart
   * by it without opening what is sealed.
   */
  readonly withFingerprint: ((config: Stored, fingerprint: string) => Stored) | null;
  /** Its signing secrets; null where it signs nothing. */
  readonly signing: {
    readonly read: (config: Stored) => SigningSecrets;
    readonly write: (config: Stored, secrets: SigningSecrets) => Stored;
  } | null;
  /** The fairness key: what may hang or be throttled on its own, and must then slow nobody else. */
  readonly endpointOf: (automation: Normal) => string;
  /** The audience that it keeps, under a name that no other kind uses; null: it keeps none. */
  readonly audienceOf: (automation: Normal) => string | null;
  /** Null: it keeps none. */
  readonly audience: AudienceFacts<Normal> | null;
  /** Whether what is sent is rendered once, before the first attempt, and stays the same bytes on every later one. */
  readonly rendersBody: boolean;
  /** Whether a refusal for good shows that the receiver is up and takes our credentials. */
  readonly finalMeansItWorks: boolean;
  /** Whether nothing can be sent without credentials in the environment. */
  readonly needsCredentials: boolean;
};

/** `mapSecrets` of a kind that has none. */
export function withoutSecrets<Stored>(config: Stored): Stored {
  return config;
}
