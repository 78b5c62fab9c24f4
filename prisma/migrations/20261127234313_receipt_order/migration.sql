-- What was there before loses a tie to whatever is received from now on.
-- AlterTable
ALTER TABLE "person_trait" ADD COLUMN     "received_at" TIMESTAMPTZ(3) NOT NULL DEFAULT '1970-01-01 00:00:00 +00:00',
ADD COLUMN     "sequence" INTEGER NOT NULL DEFAULT 0;

-- AlterTable
ALTER TABLE "subscription" ADD COLUMN     "received_at" TIMESTAMPTZ(3) NOT NULL DEFAULT '1970-01-01 00:00:00 +00:00',
ADD COLUMN     "sequence" INTEGER NOT NULL DEFAULT 0;
