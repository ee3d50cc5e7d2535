-- Deletes at most :batch events of ended jobs from before :cutoff, in the order of their ids from :after on.
-- Prints how many, and the last id.
\pset format unaligned
\pset fieldsep '\t'
\pset tuples_only

WITH batch AS (
  SELECT job_event.id
  FROM job_event
  JOIN job ON job.id = job_event.job_id
  WHERE job_event.id > :'after'::bigint
    AND job_event.ts < :'cutoff'::timestamptz
    AND lower(job.status::text) IN ('succeeded', 'failed', 'cancelled')
  ORDER BY job_event.id
  LIMIT :'batch'::bigint
), gone AS (
  DELETE FROM job_event USING batch WHERE job_event.id = batch.id RETURNING job_event.id
)
SELECT count(*), coalesce(max(id), 0) FROM gone;
