"""Runs the migrations against PROTEA_DB_URL, in one transaction: all of them or none."""

import logging
import sys

from alembic import context
from sqlalchemy import create_engine, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import SQLAlchemyError

from protea import settings

logging.basicConfig(stream=sys.stdout, level="INFO", format="%(levelname)s %(name)s: %(message)s")

try:
    # By way of alembic's configuration, as upstream: it takes a % for the begin of a reference, and refuses it.
    context.config.set_main_option("sqlalchemy.url", settings.SQLALCHEMY_URL)
except ValueError:
    logging.error("migration failed: alembic's configuration takes no % in PROTEA_DB_URL (a percent-encoded password)")
    sys.exit(1)
# Any driver that the address names is taken for psycopg2, the one installed here.
url = make_url(context.config.get_main_option("sqlalchemy.url")).set(drivername="postgresql+psycopg2")
try:
    with create_engine(url, connect_args={"connect_timeout": 10}).connect() as connection:
        context.configure(connection=connection)
        with context.begin_transaction():
            # Two deployments at once: the second waits, then finds nothing to do.
            connection.execute(text("SELECT pg_advisory_xact_lock(8000)"))
            context.run_migrations()
        connection.commit()
except SQLAlchemyError as error:
    # The last line says why; SQLAlchemy's own ends in an address of its documentation.
    logging.error("migration failed: %s", " ".join(str(getattr(error, "orig", None) or error).split()))
    sys.exit(1)
logging.info("database is at migration %s", context.get_head_revision())
