-- CreateSchema
CREATE SCHEMA IF NOT EXISTS "public";

-- CreateTable
CREATE TABLE "person" (
    "id" UUID NOT NULL,
    "email" TEXT,
    "email_linked_at" TIMESTAMPTZ(6),
    "phone" TEXT,
    "active_days" INTEGER NOT NULL DEFAULT 0,
    "core_actions" INTEGER NOT NULL DEFAULT 0,
    "pricing_views" INTEGER NOT NULL DEFAULT 0,
    "email_opens" INTEGER NOT NULL DEFAULT 0,
    "email_clicks" INTEGER NOT NULL DEFAULT 0,
    "first_seen_at" TIMESTAMPTZ(3),
    "last_seen_at" TIMESTAMPTZ(3),
    "deadline_at" TIMESTAMPTZ(3),
    "deadline_claimed_until" TIMESTAMPTZ(3),
    "last_decided_at" TIMESTAMPTZ(3),
    "decided_active_days" INTEGER NOT NULL DEFAULT 0,
    "stays_version" INTEGER NOT NULL DEFAULT 0,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "person_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "identity" (
    "kind" TEXT NOT NULL,
    "value" TEXT NOT NULL,
    "person_id" UUID NOT NULL,
    "linked_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "identity_pkey" PRIMARY KEY ("kind","value")
);

-- CreateTable
CREATE TABLE "event" (
    "id" UUID NOT NULL,
    "person_id" UUID NOT NULL,
    "name" TEXT NOT NULL,
    "occurred_at" TIMESTAMPTZ(3) NOT NULL,
    "received_at" TIMESTAMPTZ(3) NOT NULL,
    "message_id" TEXT NOT NULL,
    "properties" JSONB,

    CONSTRAINT "event_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "dead_event" (
    "id" UUID NOT NULL,
    "payload" TEXT NOT NULL,
    "error" TEXT NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "dead_event_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "person_day" (
    "person_id" UUID NOT NULL,
    "day" DATE NOT NULL,

    CONSTRAINT "person_day_pkey" PRIMARY KEY ("person_id","day")
);

-- CreateTable
CREATE TABLE "person_trait" (
    "person_id" UUID NOT NULL,
    "name" TEXT NOT NULL,
    "value" JSONB NOT NULL,
    "occurred_at" TIMESTAMPTZ(3) NOT NULL,
    "event_id" UUID NOT NULL,

    CONSTRAINT "person_trait_pkey" PRIMARY KEY ("person_id","name")
);

-- CreateTable
CREATE TABLE "subscription" (
    "person_id" UUID NOT NULL,
    "subscription_id" TEXT NOT NULL,
    "status" TEXT NOT NULL,
    "plan_name" TEXT,
    "mrr" BIGINT,
    "currency" TEXT,
    "occurred_at" TIMESTAMPTZ(3) NOT NULL,
    "event_id" UUID NOT NULL,

    CONSTRAINT "subscription_pkey" PRIMARY KEY ("person_id","subscription_id")
);

-- CreateTable
CREATE TABLE "definition_revision" (
    "id" INTEGER NOT NULL DEFAULT 1,
    "revision" BIGINT NOT NULL DEFAULT 1,

    CONSTRAINT "definition_revision_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "segment" (
    "id" UUID NOT NULL,
    "name" TEXT NOT NULL,
    "description" TEXT,
    "criteria" JSONB NOT NULL,
    "automation_config" JSONB,
    "status" TEXT NOT NULL DEFAULT 'active',
    "version" INTEGER NOT NULL DEFAULT 1,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updated_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "segment_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "segment_membership" (
    "id" BIGSERIAL NOT NULL,
    "segment_id" UUID NOT NULL,
    "person_id" UUID NOT NULL,
    "entered_at" TIMESTAMPTZ(3) NOT NULL,
    "exited_at" TIMESTAMPTZ(3),
    "entered_by" TEXT NOT NULL,
    "exited_by" TEXT,

    CONSTRAINT "segment_membership_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "segment_tally" (
    "id" BIGSERIAL NOT NULL,
    "segment_id" UUID NOT NULL,
    "minute" TIMESTAMPTZ(0) NOT NULL,
    "entered" INTEGER NOT NULL,
    "exited" INTEGER NOT NULL,

    CONSTRAINT "segment_tally_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "evaluation" (
    "id" UUID NOT NULL,
    "kind" TEXT NOT NULL,
    "segment_id" UUID,
    "automations" TEXT NOT NULL DEFAULT 'fire',
    "status" TEXT NOT NULL DEFAULT 'queued',
    "cursor" UUID,
    "last_person" UUID,
    "total" INTEGER NOT NULL DEFAULT 0,
    "evaluated" INTEGER NOT NULL DEFAULT 0,
    "entered" INTEGER NOT NULL DEFAULT 0,
    "exited" INTEGER NOT NULL DEFAULT 0,
    "error" TEXT,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "started_at" TIMESTAMPTZ(3),
    "finished_at" TIMESTAMPTZ(3),

    CONSTRAINT "evaluation_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "delivery" (
    "id" UUID NOT NULL,
    "segment_id" UUID NOT NULL,
    "person_id" UUID NOT NULL,
    "membership_id" BIGINT NOT NULL,
    "automation_id" UUID NOT NULL,
    "destination" TEXT NOT NULL,
    "type" TEXT NOT NULL,
    "action" TEXT NOT NULL,
    "endpoint" TEXT NOT NULL,
    "state_key" TEXT,
    "status" TEXT NOT NULL DEFAULT 'pending',
    "reason" TEXT,
    "attempts" INTEGER NOT NULL DEFAULT 0,
    "next_attempt_at" TIMESTAMPTZ(3),
    "claim_token" UUID,
    "claimed_until" TIMESTAMPTZ(3),
    "body" TEXT,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "delivery_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "delivery_attempt" (
    "id" UUID NOT NULL,
    "delivery_id" UUID NOT NULL,
    "at" TIMESTAMPTZ(3) NOT NULL,
    "status" INTEGER,
    "error" TEXT,
    "duration_ms" INTEGER NOT NULL,
    "response_body" TEXT,

    CONSTRAINT "delivery_attempt_pkey" PRIMARY KEY ("id")
);

-- CreateIndex
CREATE INDEX "identity_person_id_idx" ON "identity"("person_id");

-- CreateIndex
CREATE INDEX "event_person_id_name_occurred_at_idx" ON "event"("person_id", "name", "occurred_at" DESC);

-- CreateIndex
CREATE INDEX "segment_tally_segment_id_minute_idx" ON "segment_tally"("segment_id", "minute");

-- CreateIndex
CREATE INDEX "delivery_segment_id_id_idx" ON "delivery"("segment_id", "id");

-- CreateIndex
CREATE INDEX "delivery_person_id_idx" ON "delivery"("person_id");

-- CreateIndex
CREATE INDEX "delivery_attempt_delivery_id_idx" ON "delivery_attempt"("delivery_id");



-- What Prisma's schema can't express.

-- The one row of the definition revision.
INSERT INTO "definition_revision" ("id", "revision") VALUES (1, 1);

-- Room on the page, so that an update of counters touches no index (HOT).
ALTER TABLE "person" SET (fillfactor = 70);
ALTER TABLE "person_trait" SET (fillfactor = 80);
ALTER TABLE "subscription" SET (fillfactor = 80);

-- Closing a stay is never a HOT update (exited_at is in two predicates): vacuum early.
ALTER TABLE "segment_membership" SET (fillfactor = 90, autovacuum_vacuum_scale_factor = 0.02);
ALTER TABLE "delivery" SET (fillfactor = 80, autovacuum_vacuum_scale_factor = 0.02);
ALTER TABLE "segment_tally" SET (autovacuum_vacuum_scale_factor = 0.02);

CREATE INDEX "person_email_idx" ON "person" ("email", "email_linked_at") WHERE "email" IS NOT NULL;
CREATE INDEX "person_deadline_at_idx" ON "person" ("deadline_at") WHERE "deadline_at" IS NOT NULL;

-- One open stay a person and segment; the other way round for the lists of members.
CREATE UNIQUE INDEX "segment_membership_open_key" ON "segment_membership" ("person_id", "segment_id") WHERE "exited_at" IS NULL;
CREATE INDEX "segment_membership_members_idx" ON "segment_membership" ("segment_id", "person_id") WHERE "exited_at" IS NULL;

CREATE INDEX "evaluation_open_idx" ON "evaluation" ("created_at") WHERE "status" IN ('queued', 'running');

-- What is to be sent, by destination, endpoint and segment, so that a claim skips from one to the next; what is
-- being sent at an endpoint; what of one audience and person was written last, in whatever state.
CREATE INDEX "delivery_due_idx" ON "delivery" ("destination", "endpoint", "segment_id", "next_attempt_at") WHERE "status" IN ('pending', 'retrying');
CREATE INDEX "delivery_claim_idx" ON "delivery" ("destination", "endpoint") WHERE "claim_token" IS NOT NULL;
CREATE INDEX "delivery_state_idx" ON "delivery" ("state_key", "created_at", "id") WHERE "state_key" IS NOT NULL;
