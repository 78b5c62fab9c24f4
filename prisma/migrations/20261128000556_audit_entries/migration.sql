-- CreateTable
CREATE TABLE "audit_entry" (
    "id" UUID NOT NULL,
    "at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "key_name" TEXT NOT NULL,
    "action" TEXT NOT NULL,
    "target" TEXT,

    CONSTRAINT "audit_entry_pkey" PRIMARY KEY ("id")
);
