"""The migrations make exactly the tables of store/schema.py, and know which of them is the newest."""

from __future__ import annotations

from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import event, inspect, text

from gateway.core.errors import ConfigurationError
from store import migrations
from store.database import Database
from store.schema import metadata


def test_the_migrations_make_the_schema(database: Database) -> None:
    with database.reading() as tx:
        context = MigrationContext.configure(tx, opts={"compare_type": True, "compare_server_default": True})
        assert compare_metadata(context, metadata) == []


def test_the_partial_indexes_are_partial(database: Database) -> None:
    # compare_metadata does not look at the WHERE of an index.
    indexes = [index for table in metadata.tables.values() for index in table.indexes]
    kind = "sqlite" if database.is_sqlite else "postgresql"
    partial = {index.name for index in indexes if index.dialect_options[kind]["where"] is not None}
    assert "ix_spool_due" in partial
    query = (
        "SELECT name, sql FROM sqlite_master WHERE type = 'index'"
        if database.is_sqlite
        else "SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = 'public'"
    )
    with database.reading() as tx:
        found = {name for name, made_by in tx.execute(text(query)) if made_by and " WHERE " in made_by}
    assert found == partial


def test_ids_that_stand_in_tokens_are_never_used_again(database: Database) -> None:
    if not database.is_sqlite:
        return
    with database.reading() as tx:
        made = {str(row.name): str(row.sql) for row in tx.execute(text("SELECT name, sql FROM sqlite_master"))}
    for table in ("people", "communities", "attachments", "posts", "deliveries"):
        assert "AUTOINCREMENT" in made[table], table


def test_head_is_the_newest_file() -> None:
    versions = sorted((Path(migrations.__file__).parent / "versions").glob("[0-9]*.py"))
    assert versions[-1].name.partition("_")[0] == migrations.HEAD


def test_upgrade_is_done_once(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path / 'new.db'}")
    assert migrations.current(database) is None
    assert migrations.upgrade(database)
    assert migrations.current(database) == migrations.HEAD
    assert not migrations.upgrade(database)
    database.close()


def test_a_newer_schema_is_refused_with_words(database: Database) -> None:
    with database.transaction() as tx:
        tx.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(ConfigurationError, match="newer than this Relais"):
        migrations.upgrade(database)


def test_a_kill_half_way_leaves_the_old_schema(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path / 'new.db'}")
    made = 0

    def stop(_conn: object, _cursor: object, statement: str, *_rest: object) -> None:
        nonlocal made
        made += "CREATE TABLE" in statement
        if made == 5:
            raise RuntimeError("killed")

    event.listen(database.engine, "before_cursor_execute", stop)
    with pytest.raises(RuntimeError, match="killed"):
        migrations.upgrade(database)
    event.remove(database.engine, "before_cursor_execute", stop)
    with database.reading() as tx:
        assert set(inspect(tx).get_table_names()) <= {"alembic_version"}
    assert migrations.upgrade(database)
    database.close()
