"""`python -m robotoff migrate-db`: applies the SQL files of migrations/ that this database has not seen."""

import logging
from contextlib import closing
from pathlib import Path

from robotoff.connections import postgres_connection

logger = logging.getLogger(__name__)

_FOLDER = Path(__file__).resolve().parents[1] / "migrations"


def run() -> None:
    """All of them in one transaction: they are applied together or not at all."""
    with closing(postgres_connection(connect_timeout_seconds=10)) as connection, connection:
        with connection.cursor() as cursor:
            # Two deployments at once: the second waits, then finds nothing to do.
            cursor.execute("SELECT pg_advisory_xact_lock(5500)")
            # peewee_migrate's table, as upstream uses it
            cursor.execute(
                "CREATE TABLE IF NOT EXISTS migratehistory"
                " (id serial PRIMARY KEY, name varchar(255) NOT NULL, migrated_at timestamp NOT NULL DEFAULT now())"
            )
            cursor.execute("SELECT name FROM migratehistory")
            seen = {name for (name,) in cursor.fetchall()}
            names = sorted(path.stem for path in _FOLDER.glob("*.sql"))
            applied = 0
            for name in names:
                if name in seen:
                    continue
                cursor.execute((_FOLDER / f"{name}.sql").read_text())
                cursor.execute("INSERT INTO migratehistory (name) VALUES (%s)", (name,))
                logger.info("applied migration %s", name)
                applied += 1
    logger.info("database is at migration %s, %d applied", names[-1], applied)
