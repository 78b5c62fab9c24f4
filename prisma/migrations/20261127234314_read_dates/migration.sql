-- What parseInstant (packages/events/instant.ts) reads as a date, in SQL: the instant in whole epoch milliseconds, and NULL for
-- any other text. It never raises: it meets whatever people's traits hold.
CREATE OR REPLACE FUNCTION iso_epoch_ms(value text) RETURNS bigint
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS $$
DECLARE
  part text[] := regexp_match(value COLLATE "C",
    '^([0-9]{4})-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])'
    '(?:[T ]([01][0-9]|2[0-3]):([0-5][0-9])(?::([0-5][0-9])(?:[.]([0-9]{1,9}))?)?'
    '(?: ?(?:Z|UTC|GMT|([+-])(0[0-9]|1[0-5])(?::?([0-5][0-9]))?))?)?$');
  year int := part[1];
  month int := part[2];
  day int := part[3];
  last_day int;
  clock_ms bigint;
  offset_minutes int;
BEGIN
  IF part IS NULL OR year = 0 THEN
    RETURN NULL;
  END IF;
  last_day := CASE
    WHEN month IN (4, 6, 9, 11) THEN 30
    WHEN month <> 2 THEN 31
    WHEN year % 4 = 0 AND (year % 100 <> 0 OR year % 400 = 0) THEN 29
    ELSE 28
  END;
  IF day > last_day THEN
    RETURN NULL;
  END IF;
  -- Digits of a second beyond the third are cut off.
  clock_ms := (coalesce(part[4]::int, 0) * 60 + coalesce(part[5]::int, 0)) * 60000
    + coalesce(part[6]::int, 0) * 1000
    + rpad(left(coalesce(part[7], ''), 3), 3, '0')::int;
  offset_minutes := coalesce(part[9]::int, 0) * 60 + coalesce(part[10]::int, 0);
  IF part[8] = '-' THEN
    offset_minutes := -offset_minutes;
  END IF;
  RETURN (make_date(year, month, day) - make_date(1970, 1, 1))::bigint * 86400000 + clock_ms - offset_minutes * 60000;
END
$$;
