import { type RememberedEvents, readEvents } from './events';
import { readMemberships, type RememberedMemberships } from './memberships';

/**
 * What a process remembers of people between decisions.
 *
 * No memory is trusted for its age. A version vouches for each: it is read in the transaction that uses the memory, under
 * the locks of its people, and raised in the transaction that changes what is remembered. All memories of the engine, in
 * the order in which an event meets them:
 *
 * | memory | what is kept | what vouches for it | who must raise it |
 * | --- | --- | --- | --- |
 * | worker, `person-resolver` | the person of a `userId` | the person's row is there when it is locked | what removes or merges people removes the row |
 * | worker, `counting-rules` | the rules of each version | `feature_rules.version`: a version never changes | a change makes a new version |
 * | worker, `remembered-days` | the last active day that is stored | `person.rules_version`: days are taken away only by a recount | the recount, which ends with another version |
 * | here, `events` | people's newest events by name; of those who began here, that there are no others | `person.events_version` | what stores, moves or removes events |
 * | here, `memberships` | the segments that people are in | `person.stays_version`; 0 means none | what opens, closes or moves memberships |
 * | here, `definitions` | the active segments, parsed | `definition_revision.revision` | every edit of criteria, automations, status or feature rules, before it validates |
 * | dispatcher, `automation-cache` | the parsed automations of a segment | the config's text, read with each delivery | nobody: the text itself is compared |
 * | dispatcher, `sync-segments` | which segments sync which audiences | `definition_revision.revision` | as of `definitions` |
 *
 * A memory of what a transaction writes registers at its `afterwards`, and is kept only once the commit is known.
 */
export type Remembered = {
  readonly events: RememberedEvents;
  readonly memberships: RememberedMemberships;
};

/** For work that meets each person once: everything is read, and nothing is kept. */
export const FORGETFUL: Remembered = {
  events: { load: readEvents, add: () => undefined },
  memberships: { load: readMemberships, keep: () => undefined },
};
