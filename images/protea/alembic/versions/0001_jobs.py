"""Jobs and their events."""

from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    op.execute("CREATE TYPE job_status AS ENUM ('queued', 'running', 'succeeded', 'failed', 'cancelled')")
    op.execute("""
        CREATE TABLE job (
          id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
          operation text NOT NULL,
          queue_name text NOT NULL,
          status job_status NOT NULL DEFAULT 'queued',
          payload jsonb NOT NULL DEFAULT '{}',
          meta jsonb NOT NULL DEFAULT '{}',
          created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
          started_at timestamptz,
          finished_at timestamptz,
          progress_current bigint,
          progress_total bigint,
          parent_job_id uuid REFERENCES job (id) ON DELETE SET NULL,
          error_code text,
          error_message text
        )""")
    op.execute("CREATE INDEX ix_job_status_created_at ON job (status, created_at)")
    op.execute("CREATE INDEX ix_job_parent_job_id ON job (parent_job_id)")
    op.execute("""
        CREATE TABLE job_event (
          id bigserial PRIMARY KEY,
          job_id uuid NOT NULL REFERENCES job (id) ON DELETE CASCADE,
          ts timestamptz NOT NULL DEFAULT clock_timestamp(),
          level text NOT NULL DEFAULT 'info',
          event text NOT NULL,
          message text,
          fields jsonb NOT NULL DEFAULT '{}'
        )""")
    op.execute("CREATE INDEX ix_job_event_job_id_ts ON job_event (job_id, ts)")


def downgrade() -> None:
    op.execute("DROP TABLE job_event, job")
    op.execute("DROP TYPE job_status")
