-- What the server's databases take, and the ten largest tables of this one. Rows are PostgreSQL's estimates: counting
-- a table of many GB would take minutes.
\pset footer off

SELECT datname AS database, pg_size_pretty(pg_database_size(oid)) AS size, pg_database_size(oid) AS bytes
FROM pg_database
WHERE datallowconn
ORDER BY bytes DESC;

WITH tables AS (
  SELECT
    s.relid,
    s.relid::regclass AS "table",
    -- The statistics start at 0 after a crash or a restore; what the last ANALYZE found stays.
    greatest(CASE WHEN s.n_live_tup = 0 THEN c.reltuples::bigint ELSE s.n_live_tup END, 0) AS rows,
    s.n_dead_tup AS dead
  FROM pg_stat_user_tables s
  JOIN pg_class c ON c.oid = s.relid
)
SELECT
  "table",
  rows,
  pg_size_pretty(pg_total_relation_size(relid)) AS size,
  pg_total_relation_size(relid) AS bytes,
  dead AS "dead rows",
  coalesce(round(100.0 * dead / nullif(rows + dead, 0), 1), 0) AS "dead %"
FROM tables
ORDER BY bytes DESC
LIMIT 10;

SELECT count(*) AS tables, coalesce(sum(n_dead_tup), 0) AS "dead rows of all", max(last_autovacuum)::timestamptz(0) AS "last autovacuum"
FROM pg_stat_user_tables;
