-- Deletes at most :batch jobs that ended before :cutoff and have no sub-jobs; again, and those without sub-jobs by then
-- follow: a sub-job never loses its parent. Prints how many, and :after as it came.
\pset format unaligned
\pset fieldsep '\t'
\pset tuples_only

WITH batch AS (
  SELECT id
  FROM job
  WHERE lower(status::text) IN ('succeeded', 'failed', 'cancelled')
    AND coalesce(finished_at, (SELECT max(ts) FROM job_event WHERE job_id = job.id), created_at) < :'cutoff'::timestamptz
    AND NOT EXISTS (SELECT FROM job child WHERE child.parent_job_id = job.id)
  LIMIT :'batch'::bigint
  FOR UPDATE
), gone AS (
  DELETE FROM job USING batch WHERE job.id = batch.id RETURNING job.id
)
SELECT count(*), :'after' FROM gone;
