"""Embeddings (pgvector) and predictions."""

from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    # The extension is there in a deployed database; only where it is missing (a reset) must the user be allowed to add it.
    if not op.get_bind().exec_driver_sql("SELECT FROM pg_extension WHERE extname = 'vector'").rowcount:
        op.execute("CREATE EXTENSION vector")
    op.execute("""
        CREATE TABLE sequence_embedding (
          id bigserial PRIMARY KEY,
          job_id uuid NOT NULL,
          sequence text NOT NULL,
          embedding vector NOT NULL,
          embedding_dim integer NOT NULL,
          artefact text,
          created_at timestamptz NOT NULL DEFAULT now()
        )""")
    op.execute("CREATE INDEX ix_sequence_embedding_job_id ON sequence_embedding (job_id)")
    op.execute("""
        CREATE TABLE go_prediction (
          id bigserial PRIMARY KEY,
          job_id uuid NOT NULL,
          sequence text NOT NULL,
          go_id text NOT NULL,
          distance real NOT NULL
        )""")


def downgrade() -> None:
    op.execute("DROP TABLE go_prediction, sequence_embedding")
