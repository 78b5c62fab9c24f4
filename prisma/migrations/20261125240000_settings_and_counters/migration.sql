-- Whoever is there was counted by the first version; the default is only for them, and costs no rewrite.
ALTER TABLE "person" ADD COLUMN "rules_version" INTEGER DEFAULT 1;
ALTER TABLE "person" ALTER COLUMN "rules_version" DROP DEFAULT;

-- CreateTable
CREATE TABLE "feature_rules" (
    "version" INTEGER NOT NULL,
    "rules" JSONB NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "feature_rules_pkey" PRIMARY KEY ("version")
);

-- CreateTable
CREATE TABLE "metric_counter" (
    "name" TEXT NOT NULL,
    "labels" TEXT NOT NULL,
    "value" DOUBLE PRECISION NOT NULL,

    CONSTRAINT "metric_counter_pkey" PRIMARY KEY ("name", "labels")
);

INSERT INTO "feature_rules" ("version", "rules") VALUES (1, '{
    "coreActions": ["core_action", "signup_completed", "profile_completed", "payment_completed", "message_sent"],
    "pricingViews": ["pricing_view", "pricing_viewed", "pricing_page_view", "pricing_page_viewed"],
    "emailOpens": ["email_opened"],
    "emailClicks": ["email_clicked"],
    "activeDays": { "exclude": [], "excludePrefixes": ["email_", "subscription_"] }
}');

-- Few rows that every process updates each second: room on the page, so that an update touches no index (HOT).
ALTER TABLE "metric_counter" SET (fillfactor = 30);
