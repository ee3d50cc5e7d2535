-- What of PROTEA's jobs and their events is older than :older. Changes nothing. Lines of words between tabs:
--   cutoff  TIMESTAMP             what is before it may go; now, less :older
--   goes    TABLE         ROWS    they would be deleted
--   loses   TABLE.COLUMN  ROWS    they would stay, without their job
--   holds   TABLE.COLUMN  ROWS    PostgreSQL would refuse to delete the jobs because of them
\pset format unaligned
\pset fieldsep '\t'
\pset tuples_only

SELECT now() - :'older'::interval AS cutoff \gset
SELECT 'cutoff', :'cutoff';

-- Upstream's database spells a status in capitals, its API and the miniature do not.
CREATE TEMP TABLE going AS
WITH RECURSIVE ended AS (
  SELECT id
  FROM job
  WHERE lower(status::text) IN ('succeeded', 'failed', 'cancelled')
    -- Upstream up to 0.3 does not note when a job was cancelled: its last event tells.
    AND coalesce(finished_at, (SELECT max(ts) FROM job_event WHERE job_id = job.id), created_at) < :'cutoff'::timestamptz
), kept AS (
  -- A job stays as long as one of its sub-jobs does.
  SELECT id, parent_job_id FROM job WHERE id NOT IN (SELECT id FROM ended)
  UNION
  SELECT parent.id, parent.parent_job_id FROM kept JOIN job parent ON parent.id = kept.parent_job_id
)
SELECT id FROM ended EXCEPT SELECT id FROM kept;

SELECT 'goes', 'job_event', count(*)
FROM job_event
JOIN job ON job.id = job_event.job_id
WHERE (lower(job.status::text) IN ('succeeded', 'failed', 'cancelled') AND job_event.ts < :'cutoff'::timestamptz)
  OR job.id IN (SELECT id FROM going);

SELECT 'goes', 'job', count(*) FROM going;

-- Whatever else refers to a job in this version of PROTEA.
SELECT format(
  'SELECT %L, %L, count(*) FROM %s JOIN going ON going.id = %I',
  CASE WHEN confdeltype = 'c' THEN 'goes' WHEN confdeltype IN ('n', 'd') THEN 'loses' ELSE 'holds' END,
  CASE WHEN confdeltype = 'c' THEN conrelid::regclass::text ELSE format('%s.%s', conrelid::regclass, attname) END,
  conrelid::regclass,
  attname
)
FROM pg_constraint
JOIN pg_attribute ON attrelid = conrelid AND attnum = conkey[1]
WHERE contype = 'f' AND confrelid = 'job'::regclass AND conrelid NOT IN ('job'::regclass, 'job_event'::regclass)
ORDER BY conrelid::regclass::text, attname
\gexec
