-- CreateTable
CREATE TABLE "audience_identifier" (
    "person_id" UUID NOT NULL,
    "audience" TEXT NOT NULL,
    "identifiers" TEXT[],

    CONSTRAINT "audience_identifier_pkey" PRIMARY KEY ("person_id","audience")
);
