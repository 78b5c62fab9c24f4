import { isDeepStrictEqual } from 'node:util';
import { ProblemError, type SegmentEngineClient, type SubscriptionState, type TrackEvent } from '#client';
import { type DemoSegments, MARK_TRAIT, type SegmentKey } from './segments';
import type { Terminal } from './terminal';
import { DemoFailure, until } from './until';

type Person = Awaited<ReturnType<SegmentEngineClient['getPerson']>>['person'];
type Feature = keyof Person['features'];

/** What is expected of a person. */
export type Standing = {
  readonly features: Partial<Record<Feature, number>>;
  readonly subscription?: string;
  readonly in: readonly SegmentKey[];
};

/** Sends what people do, and holds what becomes of it against what was said. */
export type Tale = {
  /** Sends one event. */
  track(event: TrackEvent & { readonly userId: string }, says: string): Promise<void>;
  subscribe(userId: string, state: SubscriptionState, says: string): Promise<void>;
  enters(userId: string, segment: SegmentKey): Promise<void>;
  leaves(userId: string, segment: SegmentKey): Promise<void>;
  /** Holds that somebody enters because time passes, at an instant that is still to come (epoch ms), or soon after. */
  entersAt(userId: string, segment: SegmentKey, dueMs: number): Promise<void>;
  stands(userId: string, standing: Standing): Promise<void>;
  /** Holds that `happening` changes neither the person nor what is sent about them. */
  changesNothing(userId: string, says: string, happening: () => Promise<void>): Promise<void>;
  /** Waits until nothing is under way about the person. */
  settle(userId: string): Promise<void>;
  /** What set off the latest: a request, or time; and when (`performance.now()`). */
  readonly cause: { readonly kind: 'request' | 'time'; readonly atMs: number };
  /** From each POST to its transition, committed and seen (ms). */
  readonly transitionsMs: readonly number[];
};

type Setting = {
  readonly client: SegmentEngineClient;
  readonly terminal: Terminal;
  readonly segments: DemoSegments;
  /** See `definitions`. */
  readonly mark: string | undefined;
};

/** Answers must say twice that nothing is under way: they count one queue after the other. */
const IDLE_ANSWERS = 2;
/** What leaves a window shows within this time. */
const LATE_MAX_MS = 5_000;

export function makeTale({ client, terminal, segments, mark }: Setting): Tale {
  const transitionsMs: number[] = [];
  let cause: Tale['cause'] = { kind: 'request', atMs: 0 };

  const marked = new Set<string>();

  const send = async (userId: string, says: string, request: () => Promise<unknown>): Promise<void> => {
    if (mark !== undefined && !marked.has(userId)) {
      marked.add(userId);
      await client.track({ event: 'demo_started', userId, traits: { [MARK_TRAIT]: mark } });
    }
    cause = { kind: 'request', atMs: performance.now() };
    await request();
    terminal.step(says, performance.now() - cause.atMs);
  };

  const membershipsOf = ({ memberships }: Person): SegmentKey[] => {
    const keys = ['trial', 'churned', 'power'] as const;
    return keys.filter((key) => memberships.some(({ segmentId }) => segmentId === segments[key].id));
  };

  /** Nobody is known before their first event is processed. */
  const find = async (userId: string): Promise<Person | undefined> => {
    try {
      return (await client.getPerson(userId)).person;
    } catch (error) {
      if (error instanceof ProblemError && error.status === 404) return undefined;
      throw error;
    }
  };

  const moves = async (userId: string, key: SegmentKey, isMember: boolean): Promise<void> => {
    const { name } = segments[key];
    const what = `${userId} ${isMember ? 'enters' : 'leaves'} "${name}"`;
    await until(what, async () => {
      const person = await find(userId);
      return person !== undefined && membershipsOf(person).includes(key) === isMember ? true : undefined;
    });
    const tookMs = performance.now() - cause.atMs;
    if (cause.kind === 'request') transitionsMs.push(tookMs);
    terminal.check(`${what}${cause.kind === 'time' ? ', after the moment by' : ''}`, tookMs);
    if (cause.kind === 'time' && (tookMs < 0 || tookMs > LATE_MAX_MS))
      throw new DemoFailure(`${what}: ${Math.round(tookMs)} ms after the moment`);
  };

  const settle = async (userId: string): Promise<void> => {
    let idle = 0;
    await until(`everything about ${userId} should be done`, async () => {
      const { queues } = await client.getQueues();
      const { deliveries } = await client.listDeliveries({ personId: userId });
      const isBusy =
        queues.some(({ waiting, active }) => waiting + active > 0) ||
        deliveries.some(({ status }) => status === 'pending' || status === 'retrying');
      idle = isBusy ? 0 : idle + 1;
      return idle >= IDLE_ANSWERS ? true : undefined;
    });
  };

  const picture = async (userId: string): Promise<unknown> => {
    const { person } = await client.getPerson(userId);
    const { deliveries } = await client.listDeliveries({ personId: userId });
    const { features, memberships, subscriptions } = person;
    return { features, memberships, subscriptions, deliveries: deliveries.map(({ id }) => id) };
  };

  return {
    track: (event, says) =>
      send(event.userId, `POST ${event.event.padEnd(18)} ${says}`, () => client.track(event)),
    subscribe: (userId, state, says) =>
      send(userId, `PUT  ${'subscription'.padEnd(18)} ${says}`, () =>
        client.putSubscription(userId, 'sub_1', state),
      ),
    enters: (userId, key) => moves(userId, key, true),
    leaves: (userId, key) => moves(userId, key, false),
    settle,
    stands: async (userId, standing) => {
      await settle(userId);
      const { person } = await client.getPerson(userId);
      const actual: Standing = {
        features: Object.fromEntries(keysOf(standing.features).map((name) => [name, person.features[name]])),
        ...(standing.subscription === undefined
          ? {}
          : { subscription: person.subscriptions[0]?.status ?? 'none' }),
        in: membershipsOf(person),
      };
      if (!isDeepStrictEqual(actual, standing))
        throw new DemoFailure(
          `${userId} should be ${describe(standing, segments)}, and is ${describe(actual, segments)}`,
        );
      terminal.check(`${userId} now: ${describe(actual, segments)}`);
    },
    changesNothing: async (userId, says, happening) => {
      await settle(userId);
      const before = await picture(userId);
      await happening();
      await settle(userId);
      if (!isDeepStrictEqual(await picture(userId), before))
        throw new DemoFailure(`${says}: but something changed`);
      terminal.check(says);
    },
    entersAt: async (userId, key, dueMs) => {
      cause = { kind: 'time', atMs: performance.now() + dueMs - Date.now() };
      await moves(userId, key, true);
    },
    get cause() {
      return cause;
    },
    transitionsMs,
  };
}

function keysOf(features: Standing['features']): Feature[] {
  const names = ['activeDays', 'coreActions', 'pricingViews', 'emailOpens', 'emailClicks'] as const;
  return names.filter((name) => features[name] !== undefined);
}

function describe({ features, subscription, in: keys }: Standing, segments: DemoSegments): string {
  const counted = keysOf(features).map((name) => `${name} ${features[name]}`);
  const plan = subscription === undefined ? [] : [`subscription ${subscription}`];
  const names = keys.map((key) => `"${segments[key].name}"`);
  return `${[...plan, ...counted].join(', ')}; in ${names.length === 0 ? 'no segment' : names.join(', ')}`;
}
