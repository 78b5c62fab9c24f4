-- AlterTable
ALTER TABLE "person" ADD COLUMN     "events_version" INTEGER NOT NULL DEFAULT 0;
