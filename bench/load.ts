import type { Criteria } from '#criteria';
import type { EngineEvent } from '#events';

// The load of the benchmarks: 100 segments of every kind of condition, and events of a product's daily life.

export const PEOPLE = 10_000;
export const SEGMENTS = 100;

const NAMES = [
  'pricing_viewed',
  'profile_completed',
  'payment_completed',
  'message_sent',
  'email_opened',
  'email_clicked',
  'core_action',
  'page_viewed',
  'search_used',
  'export_started',
] as const;

const PLANS = ['free', 'pro', 'team', 'enterprise'] as const;
const DAY_MS = 86_400_000;

/** A small generator of numbers in [0, 1) with a seed, so that two runs send the same (mulberry32). */
export function makeRandom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

function pick<T>(list: readonly T[], random: () => number): T {
  const chosen = list[Math.floor(random() * list.length)];
  if (chosen === undefined) throw new Error('an empty list');
  return chosen;
}

function criteriaOf(index: number): Criteria {
  const bound = 1 + Math.floor(index / 10);
  const name = pick(NAMES, makeRandom(index));
  switch (index % 10) {
    case 0:
      return { features: { coreActions: { min: bound } } };
    case 1:
      return { features: { pricingViews: { min: bound }, activeDays: { min: 2 } } };
    case 2:
      return { features: { emailOpens: { min: bound }, emailClicks: { max: 2 } } };
    case 3:
      return { events: [{ eventName: name, count: { min: bound }, within: 7 }] };
    case 4:
      return {
        events: [{ eventName: name, count: { min: 1 }, within: 30 }],
        not: { features: { coreActions: { min: bound } } },
      };
    case 5:
      return { events: [{ eventName: name, count: { max: 0 }, within: bound }] };
    case 6:
      return {
        traits: { plan: { eq: pick(PLANS, makeRandom(index)) } },
        features: { activeDays: { min: bound } },
      };
    case 7:
      return { subscription: { status: ['active', 'trialing'], mrrMin: bound * 1000 } };
    case 8:
      return {
        any: [{ features: { pricingViews: { min: bound } } }, { person: { hasEmail: true } }],
        features: { activeDays: { max: bound } },
      };
    default:
      return { features: { activeDays: { min: bound }, coreActions: { min: bound * 2 } } };
  }
}

export type BenchSegment = { readonly name: string; readonly criteria: Criteria; readonly webhook: boolean };

/** The segments; every tenth has a webhook. */
export function makeSegments(): BenchSegment[] {
  return Array.from({ length: SEGMENTS }, (_none, index) => ({
    name: `bench ${index}`,
    criteria: criteriaOf(index),
    webhook: index % 10 === 0,
  }));
}

/** An event as a client posts it. */
export type PostedEvent = {
  event: string;
  userId: string;
  messageId: string;
  timestamp: number;
  properties: NonNullable<EngineEvent['properties']>;
  traits?: NonNullable<EngineEvent['traits']>;
};

/**
 * Makes events of random people; every twentieth brings a trait.
 * @param spreadDays how far back they lie: 0 for what happens now
 */
export function makeEvents(count: number, seed: number, nowMs: number, spreadDays: number): PostedEvent[] {
  const random = makeRandom(seed);
  return Array.from({ length: count }, (_none, index) => {
    const person = Math.floor(random() * PEOPLE);
    return {
      event: pick(NAMES, random),
      userId: `user-${person}`,
      messageId: `bench-${seed}-${index}`,
      timestamp: nowMs - Math.floor(random() * spreadDays * DAY_MS),
      properties: { plan: pick(PLANS, random), source: 'bench', amount: Math.floor(random() * 10_000) },
      ...(index % 20 === 0 ? { traits: { plan: pick(PLANS, random) } } : {}),
    };
  });
}
