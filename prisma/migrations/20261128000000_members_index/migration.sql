-- Members of a segment. The second predicate always holds, but no question about a person implies it: on an empty table
-- both indexes of open memberships cost the same, and a plan that took this one would walk all of them for each person.
DROP INDEX "segment_membership_members_idx";
CREATE INDEX "segment_membership_members_idx" ON "segment_membership" ("segment_id", "person_id") WHERE "exited_at" IS NULL AND "segment_id" IS NOT NULL;
