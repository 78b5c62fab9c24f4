-- AlterTable
ALTER TABLE "dead_event" ADD COLUMN     "person_id" UUID,
ADD COLUMN     "stage" TEXT NOT NULL DEFAULT 'features',
ADD COLUMN     "subjects" TEXT[] DEFAULT ARRAY[]::TEXT[];

-- AlterTable
ALTER TABLE "evaluation" ADD COLUMN     "refused" INTEGER NOT NULL DEFAULT 0;

-- AlterTable
ALTER TABLE "person" ADD COLUMN     "erasing_at" TIMESTAMPTZ(3),
ADD COLUMN     "oldest_event_at" TIMESTAMPTZ(3);

-- CreateTable
CREATE TABLE "erasure" (
    "id" UUID NOT NULL,
    "person_id" UUID NOT NULL,
    "step" TEXT NOT NULL DEFAULT 'memberships',
    "requested_at" TIMESTAMPTZ(3) NOT NULL,
    "claimed_until" TIMESTAMPTZ(3),
    "waits_until" TIMESTAMPTZ(3),
    "warning" TEXT,
    "finished_at" TIMESTAMPTZ(3),

    CONSTRAINT "erasure_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "erased_identity" (
    "hash" TEXT NOT NULL,
    "erasure_id" UUID NOT NULL,
    "erased_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "erased_identity_pkey" PRIMARY KEY ("hash")
);

-- CreateIndex
CREATE UNIQUE INDEX "erasure_person_id_key" ON "erasure"("person_id");

-- CreateIndex
CREATE INDEX "erased_identity_erasure_id_idx" ON "erased_identity"("erasure_id");

-- CreateIndex
CREATE INDEX "erased_identity_erased_at_idx" ON "erased_identity"("erased_at");

-- CreateIndex
CREATE INDEX "dead_event_created_at_id_idx" ON "dead_event"("created_at", "id");

-- CreateIndex
CREATE INDEX "dead_event_person_id_idx" ON "dead_event"("person_id");

-- CreateIndex
CREATE INDEX "dead_event_subjects_idx" ON "dead_event" USING GIN ("subjects");

-- CreateIndex
CREATE INDEX "person_oldest_event_at_idx" ON "person"("oldest_event_at");



-- What Prisma's schema can't express.

-- A person who can't be decided on is set aside once a stage, however often it is tried.
CREATE UNIQUE INDEX "dead_event_person_key" ON "dead_event" ("stage", "person_id") WHERE "stage" <> 'features';
CREATE INDEX "erasure_open_idx" ON "erasure" ("id") WHERE "step" <> 'done';

UPDATE "person" SET "oldest_event_at" = "first_seen_at" WHERE "first_seen_at" IS NOT NULL;
