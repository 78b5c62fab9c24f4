-- DropIndex
DROP INDEX "delivery_person_id_idx";
DROP INDEX "delivery_segment_id_id_idx";

-- CreateTable
CREATE TABLE "delivery_tally" (
    "id" BIGSERIAL NOT NULL,
    "segment_id" UUID NOT NULL,
    "destination" TEXT NOT NULL,
    "status" TEXT NOT NULL,
    "count" INTEGER NOT NULL,

    CONSTRAINT "delivery_tally_pkey" PRIMARY KEY ("id")
);

-- CreateIndex
CREATE INDEX "delivery_tally_segment_id_idx" ON "delivery_tally"("segment_id");

-- CreateIndex
CREATE INDEX "delivery_person_id_id_idx" ON "delivery"("person_id", "id");

-- CreateIndex
CREATE INDEX "delivery_segment_id_destination_status_id_idx" ON "delivery"("segment_id", "destination", "status", "id");

-- CreateIndex
CREATE INDEX "delivery_destination_status_id_idx" ON "delivery"("destination", "status", "id");

-- How many deliveries a segment has by destination and status: whatever changes a status appends to the tally in the
-- same transaction, and a job folds it. So counts are exact and cheap, and nobody waits for a counter's row.
ALTER TABLE "delivery_tally" SET (autovacuum_vacuum_scale_factor = 0.02);

INSERT INTO "delivery_tally" ("segment_id", "destination", "status", "count")
SELECT "segment_id", "destination", "status", count(*) FROM "delivery" GROUP BY 1, 2, 3;

CREATE FUNCTION "delivery_written"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO delivery_tally (segment_id, destination, status, count)
  SELECT segment_id, destination, status, count(*) FROM written GROUP BY 1, 2, 3;
  RETURN NULL;
END $$;

CREATE FUNCTION "delivery_erased"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO delivery_tally (segment_id, destination, status, count)
  SELECT segment_id, destination, status, -count(*) FROM erased GROUP BY 1, 2, 3;
  RETURN NULL;
END $$;

CREATE FUNCTION "delivery_moved"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO delivery_tally (segment_id, destination, status, count)
  VALUES (OLD.segment_id, OLD.destination, OLD.status, -1), (NEW.segment_id, NEW.destination, NEW.status, 1);
  RETURN NULL;
END $$;

CREATE TRIGGER "delivery_written" AFTER INSERT ON "delivery"
  REFERENCING NEW TABLE AS written FOR EACH STATEMENT EXECUTE FUNCTION "delivery_written"();
CREATE TRIGGER "delivery_erased" AFTER DELETE ON "delivery"
  REFERENCING OLD TABLE AS erased FOR EACH STATEMENT EXECUTE FUNCTION "delivery_erased"();
-- By row: a claim changes no status, and for a statement's trigger all its rows would be copied.
CREATE TRIGGER "delivery_moved" AFTER UPDATE OF "status", "segment_id", "destination" ON "delivery"
  FOR EACH ROW WHEN ((OLD."status", OLD."segment_id", OLD."destination") IS DISTINCT FROM (NEW."status", NEW."segment_id", NEW."destination"))
  EXECUTE FUNCTION "delivery_moved"();
