-- AlterTable
ALTER TABLE "delivery" ADD COLUMN     "identifier" TEXT,
ALTER COLUMN "membership_id" DROP NOT NULL;

-- CreateTable
CREATE TABLE "audience_dirty" (
    "id" BIGSERIAL NOT NULL,
    "person_id" UUID,
    "audience" TEXT,
    "key" TEXT,

    CONSTRAINT "audience_dirty_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "audience_request" (
    "id" BIGSERIAL NOT NULL,
    "audience" TEXT NOT NULL,
    "kind" TEXT NOT NULL,

    CONSTRAINT "audience_request_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "audience" (
    "audience" TEXT NOT NULL,
    "segments" UUID[],
    "walk" TEXT,
    "phase" TEXT,
    "cursor" TEXT,
    "barrier" BIGINT,
    "walked_at" TIMESTAMPTZ(3),
    "finished_at" TIMESTAMPTZ(3),

    CONSTRAINT "audience_pkey" PRIMARY KEY ("audience")
);

-- CreateTable
CREATE TABLE "audience_member" (
    "person_id" UUID NOT NULL,
    "audience" TEXT NOT NULL,
    "key" TEXT NOT NULL,
    "segment_id" UUID NOT NULL,
    "automation_id" UUID NOT NULL,

    CONSTRAINT "audience_member_pkey" PRIMARY KEY ("person_id","audience")
);

-- CreateTable
CREATE TABLE "audience_entry" (
    "audience" TEXT NOT NULL,
    "key" TEXT NOT NULL,
    "identifier" TEXT NOT NULL,
    "wanted" BOOLEAN NOT NULL,
    "there" TEXT NOT NULL,
    "delivery_id" UUID,
    "failed" BOOLEAN NOT NULL DEFAULT false,
    "person_id" UUID NOT NULL,
    "segment_id" UUID NOT NULL,
    "automation_id" UUID NOT NULL,
    "changed_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "audience_entry_pkey" PRIMARY KEY ("audience","key")
);

-- CreateTable
CREATE TABLE "audience_part" (
    "audience" TEXT NOT NULL,
    "part" TEXT NOT NULL,
    "key" TEXT NOT NULL,

    CONSTRAINT "audience_part_pkey" PRIMARY KEY ("audience","part","key")
);

-- CreateIndex
CREATE INDEX "audience_member_audience_key_person_id_idx" ON "audience_member"("audience", "key", "person_id");

-- CreateIndex
CREATE INDEX "audience_entry_person_id_idx" ON "audience_entry"("person_id");

-- CreateIndex
CREATE INDEX "audience_part_audience_key_idx" ON "audience_part"("audience", "key");

-- AddForeignKey
ALTER TABLE "audience_part" ADD CONSTRAINT "audience_part_audience_key_fkey" FOREIGN KEY ("audience", "key") REFERENCES "audience_entry"("audience", "key") ON DELETE CASCADE ON UPDATE CASCADE;



-- What Prisma's schema can't express.

-- Whether any segment syncs an audience: the question that a changed address asks. Nearly always nearly empty.
CREATE INDEX "segment_syncs_idx" ON "segment" ("id")
  WHERE "status" <> 'archived' AND "automation_config" @? '$.*[*].sync ? (@ == true)';

-- Rows come and go by the thousands.
ALTER TABLE "audience_dirty" SET (autovacuum_vacuum_scale_factor = 0.02);
-- An entry is written several times on its way: room on the page, for no index holds what changes.
ALTER TABLE "audience_entry" SET (fillfactor = 80, autovacuum_vacuum_scale_factor = 0.02);
ALTER TABLE "audience_member" SET (autovacuum_vacuum_scale_factor = 0.02);
