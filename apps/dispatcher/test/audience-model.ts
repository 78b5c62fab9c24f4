import type { CreateSegment } from '#client';
import { audienceRow } from '../../../packages/destinations/meta/hashing';
import type { Engine } from './engine';

// What synced audiences should hold, told by brute force: every person against every segment, from the last edit of each.

/** A person as they are by all that was told of them. */
type ModelPerson = {
  readonly userId: string;
  readonly a: number;
  readonly b: number;
  readonly email: string | null;
  readonly phone: string | null;
};

/** Which people a segment holds. */
type ModelRule = 'a' | 'b' | 'either';

/** A segment: the rule, and the audiences that it syncs. */
type ModelSegment = {
  readonly id: string;
  readonly rule: ModelRule;
  readonly audiences: readonly string[];
};

const RULES: readonly ModelRule[] = ['a', 'b', 'either'];
export const RESEND = ['r1', 'r2'] as const;
export const META = ['71', '72'] as const;
export const AUDIENCES: readonly string[] = [...RESEND, ...META];
/** The one that nobody syncs in the end, and that is emptied. */
const EMPTIED = 'r2';
const PEOPLE = 24;

function criteriaOf(rule: ModelRule): CreateSegment['criteria'] {
  const a = { traits: { a: { eq: 1 } } };
  const b = { traits: { b: { eq: 1 } } };
  return rule === 'either' ? { any: [a, b] } : rule === 'a' ? a : b;
}

function configOf(audiences: readonly string[]): CreateSegment['automationConfig'] {
  const resend = RESEND.filter((id) => audiences.includes(id)).map((audienceId) => ({
    audienceId,
    sync: true as const,
  }));
  const meta = META.filter((id) => audiences.includes(id)).map((id) => ({
    customAudienceId: id,
    sync: true as const,
  }));
  return { ...(resend.length > 0 ? { resend } : {}), ...(meta.length > 0 ? { meta } : {}) };
}

function holds(rule: ModelRule, { a, b }: ModelPerson): boolean {
  return rule === 'either' ? a === 1 || b === 1 : { a, b }[rule] === 1;
}

/** Whom an audience should hold, as its vendor calls them, sorted. */
export function wantedIn(
  audience: string,
  segments: readonly ModelSegment[],
  people: readonly ModelPerson[],
): string[] {
  const rules = segments.filter(({ audiences }) => audiences.includes(audience)).map(({ rule }) => rule);
  const members = people.filter((person) => rules.some((rule) => holds(rule, person)));
  const isResend = RESEND.some((id) => id === audience);
  const identifiers = members.flatMap(({ userId, email, phone }) =>
    isResend ? (email ?? []) : (audienceRow({ id: userId, userId, email, phone })?.join(' ') ?? []),
  );
  return [...new Set(identifiers)].toSorted();
}

/** People and segments that change by chance, and what the audiences should hold of them. */
type ChangingWorld = {
  readonly people: () => readonly ModelPerson[];
  readonly segments: () => readonly ModelSegment[];
  readonly createSegment: () => Promise<void>;
  /** Gives a share of the people other traits and addresses. */
  readonly changePeople: (share: number) => Promise<void>;
  /** Attaches and detaches audiences, archives, or changes whom a segment holds. */
  readonly changeSegment: () => Promise<void>;
  /**
   * Nobody knows what an audience holds that was left in the middle: in the end each is synced, but for one, which is
   * emptied.
   */
  readonly finish: () => Promise<void>;
};

export function makeChangingWorld(engine: Engine, random: () => number): ChangingWorld {
  let people: ModelPerson[] = [];
  let segments: ModelSegment[] = [];
  // The index is within the list, and an item may itself be undefined.
  const pick = <T>(choices: readonly T[]): T => choices[Math.floor(random() * choices.length)] as T;
  const some = <T>(of: readonly T[], share: number): T[] => of.filter(() => random() < share);

  // Few addresses for many people: they share them, and take them from each other.
  const personOf = (index: number): ModelPerson => ({
    userId: `u-${index}`,
    a: pick([0, 1]),
    b: pick([0, 1]),
    email: pick([null, ...Array.from({ length: 10 }, (_none, one) => `e${one}@x.example`)]),
    phone: pick([null, null, '+1 650 555 0001', '+1 650 555 0002']),
  });
  const createSegment = async (): Promise<void> => {
    const rule = pick(RULES);
    const audiences = some(AUDIENCES, 0.6);
    const body = { name: rule, criteria: criteriaOf(rule), automationConfig: configOf(audiences) };
    const { segment } = await engine.client.createSegment(body);
    segments = [...segments, { id: segment.id, rule, audiences }];
  };
  const edit = async (
    segment: ModelSegment,
    change: Partial<ModelSegment>,
    audiences?: 'empty',
  ): Promise<void> => {
    const next = { ...segment, ...change };
    await engine.client.updateSegment(segment.id, {
      criteria: criteriaOf(next.rule),
      automationConfig: configOf(next.audiences),
      automations: pick(['fire', 'suppress']),
      ...(audiences === undefined ? {} : { audiences }),
    });
    segments = segments.map((one) => (one.id === segment.id ? next : one));
  };
  return {
    people: () => people,
    segments: () => segments,
    createSegment,
    changePeople: async (share) => {
      const changed = some([...Array.from({ length: PEOPLE }).keys()], share).map(personOf);
      const ids = new Set(changed.map(({ userId }) => userId));
      people = [...people.filter(({ userId }) => !ids.has(userId)), ...changed];
      await engine.tell(changed);
    },
    changeSegment: async () => {
      const segment = pick(segments);
      const kind = random();
      if (kind < 0.25) {
        await engine.client.deleteSegment(segment.id, pick([{}, { audiences: 'empty' as const }]));
        segments = segments.filter(({ id }) => id !== segment.id);
        await createSegment();
      } else if (kind < 0.8) {
        await edit(segment, { audiences: some(AUDIENCES, 0.5) }, pick([undefined, 'empty'] as const));
      } else {
        await edit(segment, { rule: pick(RULES) });
      }
    },
    finish: async () => {
      for (const segment of segments) await edit(segment, { audiences: AUDIENCES });
      const kept = AUDIENCES.filter((one) => one !== EMPTIED);
      for (const [index, segment] of segments.entries()) {
        await edit(segment, { audiences: index === 0 ? kept : some(kept, 0.6) }, 'empty');
      }
    },
  };
}
