-- AlterTable
ALTER TABLE "person" ADD COLUMN     "last_stored_at" TIMESTAMPTZ(3);

-- AlterTable
ALTER TABLE "evaluation" DROP COLUMN "cursor",
DROP COLUMN "last_person",
ADD COLUMN     "number" BIGSERIAL NOT NULL;

-- CreateTable
CREATE TABLE "evaluation_part" (
    "evaluation_id" UUID NOT NULL,
    "part" INTEGER NOT NULL,
    "cursor" UUID,
    "last_person" UUID NOT NULL,
    "is_done" BOOLEAN NOT NULL DEFAULT false,

    CONSTRAINT "evaluation_part_pkey" PRIMARY KEY ("evaluation_id","part")
);



-- What Prisma's schema can't express.

-- The runs of a segment, in their order: which one has its turn, and which takes over.
CREATE INDEX "evaluation_segment_idx" ON "evaluation" ("segment_id", "number");
