-- AlterTable
ALTER TABLE "delivery" ADD COLUMN     "taken_by" UUID,
ADD COLUMN     "unsettled_until" TIMESTAMPTZ(3);

-- CreateTable
CREATE TABLE "delivery_gate" (
    "destination" TEXT NOT NULL,
    "endpoint" TEXT NOT NULL,
    "state" TEXT NOT NULL,
    "reason" TEXT,
    "failures" INTEGER NOT NULL DEFAULT 0,
    "since" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "until" TIMESTAMPTZ(3),

    CONSTRAINT "delivery_gate_pkey" PRIMARY KEY ("destination","endpoint")
);

-- CreateTable
CREATE TABLE "delivery_destination" (
    "destination" TEXT NOT NULL,
    "is_configured" BOOLEAN NOT NULL,
    "reason" TEXT,
    "next_at" TIMESTAMPTZ(6) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "delivery_destination_pkey" PRIMARY KEY ("destination")
);
