-- What was there before loses a tie to whatever is received from now on.
-- AlterTable
ALTER TABLE "person_trait" ADD COLUMN     "received_at" TIMESTAMPTZ(3) NOT NULL DEFAULT 'epoch'::timestamp with time zone,
ADD COLUMN     "sequence" INTEGER NOT NULL DEFAULT 0;

-- AlterTable
ALTER TABLE "subscription" ADD COLUMN     "received_at" TIMESTAMPTZ(3) NOT NULL DEFAULT 'epoch'::timestamp with time zone,
ADD COLUMN     "sequence" INTEGER NOT NULL DEFAULT 0;
