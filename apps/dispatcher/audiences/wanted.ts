import { nameOfAudience } from '#automations';
import {
  type AudienceMember,
  type AudiencePerson,
  entryKey,
  loadAudienceMembers,
  type NewEntry,
  readAudiencePeople,
  type Sql,
  writeAudienceMembers,
} from '#database';
import type { Destinations } from '#destinations';
import type { SyncSegments } from './sync-segments';
import { type Touched, touch } from './touched';

/** What people make wanted has been written; what follows from it is to be sent. */
export type WantedChanges = {
  readonly touched: Touched;
  /** Entries that may be new. */
  readonly entries: readonly NewEntry[];
  /** Who makes something else wanted in an audience than was known. */
  readonly differing: readonly Pick<AudienceMember, 'personId' | 'audience'>[];
};

/** A member with what the destination calls them. */
type Wanted = AudienceMember & { readonly identifier: string };

/** What a person makes wanted: by the first of their segments that syncs the audience, in the order of ids. */
function wantedBy(
  person: AudiencePerson,
  sync: SyncSegments,
  destinations: Destinations,
): Map<string, Wanted> {
  const wanted = new Map<string, Wanted>();
  for (const segmentId of person.segmentIds.toSorted()) {
    for (const [audience, automationId] of sync.audiencesOf.get(segmentId) ?? []) {
      if (wanted.has(audience)) continue;
      const { destination } = nameOfAudience(audience);
      const identifier = destinations[destination].identifierOf?.(person) ?? null;
      if (identifier === null) continue;
      const key = entryKey(identifier);
      wanted.set(audience, { personId: person.id, audience, key, segmentId, automationId, identifier });
    }
  }
  return wanted;
}

const isSame = (one: AudienceMember, other: AudienceMember): boolean =>
  one.key === other.key && one.segmentId === other.segmentId && one.automationId === other.automationId;

/**
 * Compares what people make wanted with what is known of it, and writes the difference. An audience that nobody syncs is
 * left as it is, unless it is to be emptied, and but for people who are gone or are to leave.
 */
export async function writeWanted(
  tx: Sql,
  { sync, destinations }: { readonly sync: SyncSegments; readonly destinations: Destinations },
  personIds: readonly string[],
  emptied: string | null,
): Promise<WantedChanges> {
  const people = await readAudiencePeople(tx, personIds, sync.ids);
  const known = await loadAudienceMembers(tx, personIds);
  const wantedOf = new Map(people.map((person) => [person.id, wantedBy(person, sync, destinations)]));
  const touched: Touched = new Map();
  const differing: Pick<AudienceMember, 'personId' | 'audience'>[] = [];
  const put: Wanted[] = [];
  const gone: AudienceMember[] = [];
  for (const member of known) {
    const { personId, audience } = member;
    const wanted = wantedOf.get(personId);
    const isKept = wanted !== undefined && !sync.segmentsOf.has(audience) && audience !== emptied;
    if (isKept) continue;
    const now = wanted?.get(audience);
    wanted?.delete(audience);
    if (now !== undefined && isSame(now, member)) continue;
    if (now === undefined) gone.push(member);
    else put.push(now);
    if (now?.key === member.key) continue;
    differing.push({ personId, audience });
    touch(touched, member);
    if (now !== undefined) touch(touched, now);
  }
  for (const wanted of wantedOf.values()) {
    for (const now of wanted.values()) {
      put.push(now);
      differing.push(now);
      touch(touched, now);
    }
  }
  await writeAudienceMembers(tx, put, gone);
  const entries = put.map(({ audience, identifier, ...rest }) => {
    const { parts } = destinations[nameOfAudience(audience).destination];
    return { ...rest, audience, identifier, parts: parts?.of(identifier) ?? [] };
  });
  return { touched, entries, differing };
}
