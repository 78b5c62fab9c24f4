-- The last stay of somebody who has left: open stays have an index of their own.
CREATE INDEX "segment_membership_past_idx" ON "segment_membership" ("person_id", "segment_id", "id") WHERE "exited_at" IS NOT NULL;
