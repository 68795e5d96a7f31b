"""The steps of the schema, run by `relais init`; `relais serve` refuses to start on another schema.

Each step is one transaction on both databases, so a kill half-way leaves the old schema.
"""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import inspect, text

from gateway.core.errors import ConfigurationError
from store.database import Database

HEAD = "0001"
"""The schema this code speaks; a test compares it with the newest file in versions/."""


def current(database: Database) -> str | None:
    """The schema version of the database, None where it is empty."""
    with database.reading() as tx:
        if not inspect(tx).has_table("alembic_version"):
            return None
        found: str | None = tx.execute(text("SELECT version_num FROM alembic_version")).scalar()
        return found


def require(database: Database) -> None:
    """Raises ConfigurationError where the database is empty or of another version, StoreError where it is not there."""
    found = current(database)
    if found != HEAD:
        words = "is empty" if found is None else f"has schema {found}, this Relais wants {HEAD}"
        raise ConfigurationError([("store.url", f"the database {words}: run relais init")])


def upgrade(database: Database) -> bool:
    """Brings the database to HEAD; returns whether there was anything to do.

    Raises ConfigurationError for a schema that is newer than this code.
    """
    version = current(database)
    if version == HEAD:
        return False
    if version is not None and not list((Path(__file__).parent / "versions").glob(f"{version}_*.py")):
        mend = f"the database has schema {version}, newer than this Relais ({HEAD}): install the newer one"
        raise ConfigurationError([("store.url", mend)])
    # alembic takes a second to import: only where there is something to do.
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent))
    config.attributes["engine"] = database.engine
    command.upgrade(config, "head")
    return True
