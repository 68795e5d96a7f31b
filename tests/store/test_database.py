"""Engines and transactions: what SQLite and PostgreSQL must have in common, and where they differ."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import event, insert, select, text
from sqlalchemy.exc import IntegrityError

from gateway.core.errors import ConfigurationError, StoreError
from store import database as module
from store.database import Database
from store.schema import communities
from tests.network import START

ROW = {
    "name": "Projets",
    "kind": "project",
    "pace": "each",
    "join_policy": "open",
    "post_policy": "members",
    "created_at": START,
}


@pytest.fixture
def sqlite(sqlite_url: str) -> Iterator[Database]:
    database = Database(sqlite_url)
    yield database
    database.close()


def test_a_transaction_commits_at_its_end(database: Database) -> None:
    with database.transaction() as tx:
        tx.execute(insert(communities).values(address="projets", **ROW))
    with database.reading() as tx:
        assert tx.scalars(select(communities.c.created_at)).all() == [START]


def test_a_transaction_rolls_back_on_any_exception(database: Database) -> None:
    with pytest.raises(KeyError), database.transaction() as tx:
        tx.execute(insert(communities).values(address="projets", **ROW))
        raise KeyError
    with database.reading() as tx:
        assert tx.execute(select(communities)).all() == []


def test_a_violated_constraint_passes_as_it_is(database: Database) -> None:
    with pytest.raises(IntegrityError), database.transaction() as tx:
        tx.execute(insert(communities), [{"address": "projets", **ROW}, {"address": "projets", **ROW}])


def test_foreign_keys_hold(database: Database) -> None:
    with pytest.raises(IntegrityError), database.transaction() as tx:
        tx.execute(text("INSERT INTO raw_mails (spool_id, data) VALUES (77, '')"))


def test_sqlite_is_durable_and_patient(sqlite: Database) -> None:
    with sqlite.reading() as tx:
        pragmas = {
            name: tx.execute(text(f"PRAGMA {name}")).scalar()
            for name in ("journal_mode", "synchronous", "foreign_keys", "busy_timeout")
        }
    # synchronous 2 is FULL: a commit that was answered with 250 survives a loss of power (I1).
    assert pragmas == {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1, "busy_timeout": 30_000}


def test_a_burst_does_not_keep_the_disk(sqlite_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "JOURNAL_BYTES", 100_000)
    database = Database(sqlite_url)
    journal = Path(f"{database.url.database}-wal")
    with database.transaction() as tx:
        tx.execute(text("CREATE TABLE bulk (data BLOB)"))
        tx.execute(text("INSERT INTO bulk VALUES (zeroblob(6000000))"))
    assert journal.stat().st_size > 6_000_000
    for _ in range(2):
        with database.transaction() as tx:
            tx.execute(text("INSERT INTO bulk VALUES (1)"))
    assert journal.stat().st_size <= 100_000
    database.close()


def test_sqlite_begins_to_write_at_once_and_to_read_without(sqlite: Database) -> None:
    said: list[str] = []
    event.listen(sqlite.engine, "before_cursor_execute", lambda _c, _k, statement, *_: said.append(statement))
    with sqlite.transaction() as tx:
        tx.execute(text("SELECT 1"))
    with sqlite.reading() as tx:
        tx.execute(text("SELECT 1"))
    assert [statement for statement in said if statement.startswith("BEGIN")] == ["BEGIN IMMEDIATE", "BEGIN"]


def test_readers_do_not_wait_for_a_writer(sqlite: Database) -> None:
    with sqlite.transaction() as writing:
        writing.execute(insert(communities).values(address="projets", **ROW))
        with sqlite.reading() as tx:
            assert tx.execute(select(communities)).all() == []


def test_many_writers_take_turns(database: Database) -> None:
    with database.transaction() as tx:
        tx.execute(insert(communities).values(address="projets", **ROW))
    troubles: list[Exception] = []

    def add_ten() -> None:
        try:
            for _ in range(10):
                with database.transaction() as tx:
                    number = tx.scalar(select(communities.c.last_number).with_for_update()) or 0
                    tx.execute(communities.update().values(last_number=number + 1))
        except Exception as error:
            troubles.append(error)

    threads = [threading.Thread(target=add_ten) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not troubles
    with database.reading() as tx:
        assert tx.scalar(select(communities.c.last_number)) == 60


def test_trouble_of_sqlite_is_a_store_error(tmp_path: Path) -> None:
    path = tmp_path / "not.db"
    path.write_bytes(b"this is no database" * 100)
    database = Database(f"sqlite:///{path}")
    with pytest.raises(StoreError), database.transaction() as tx:
        tx.execute(text("SELECT 1"))
    database.close()


def test_a_locked_sqlite_is_a_store_error(sqlite: Database) -> None:
    with sqlite.engine.connect() as other:
        other.exec_driver_sql("SELECT 1")
        event.listen(sqlite.engine, "connect", lambda c, _: c.execute("PRAGMA busy_timeout = 20").close())
        sqlite.engine.dispose(close=False)
        with pytest.raises(StoreError, match="locked") as caught, sqlite.transaction() as tx:
            tx.execute(text("SELECT 1"))
        assert caught.value.temporary


def test_trouble_of_postgresql_is_a_store_error(postgresql_url: str) -> None:
    database = Database(postgresql_url)
    with pytest.raises(StoreError), database.transaction() as tx:
        tx.execute(text("SELECT pg_terminate_backend(pg_backend_pid())"))
    # The pool has noticed, and goes on with a new connection.
    with database.transaction() as tx:
        assert tx.scalar(text("SELECT 1")) == 1
    database.close()


def test_a_read_only_postgresql_is_a_store_error(postgresql_url: str) -> None:
    # What a node sees of the old primary after a failover.
    database = Database(postgresql_url)
    with pytest.raises(StoreError), database.transaction() as tx:
        tx.execute(text("SET TRANSACTION READ ONLY"))
        tx.execute(insert(communities).values(address="projets", **ROW))
    database.close()


def test_a_server_that_is_not_there_is_a_store_error(tmp_path: Path) -> None:
    database = Database(f"postgresql+psycopg://relais@/relais?host={tmp_path}")
    with pytest.raises(StoreError), database.reading() as tx:
        tx.execute(text("SELECT 1"))
    database.close()


def test_an_exhausted_pool_is_a_store_error(database_url: str) -> None:
    database = Database(database_url, pool=1)
    database.engine.pool._timeout = 0.05  # type: ignore[attr-defined]
    with database.reading() as one, database.reading() as two:
        one.execute(text("SELECT 1"))
        two.execute(text("SELECT 1"))
        with pytest.raises(StoreError), database.reading() as tx:
            tx.execute(text("SELECT 1"))
    database.close()


def test_other_databases_are_refused() -> None:
    with pytest.raises(ConfigurationError, match=r"store\.url"):
        Database("mysql://localhost/relais")
    with pytest.raises(ConfigurationError, match="needs a file"):
        Database("sqlite://")


_HOLDER = """
import sys
from store import database as module
from store.database import Database
database = Database(sys.argv[1])
database.hold()
print("held", flush=True)
sys.stdin.read()
"""


def test_hold_refuses_a_second_process(sqlite: Database, sqlite_url: str) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", _HOLDER, sqlite_url], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as other:
        assert other.stdout and other.stdout.readline() == "held\n"
        with pytest.raises(ConfigurationError, match="another Relais"):
            sqlite.hold()
        # A killed process holds nothing.
        other.kill()
    sqlite.hold()


def test_close_lets_go(sqlite: Database, sqlite_url: str) -> None:
    sqlite.hold()
    sqlite.hold()
    other = Database(sqlite_url)
    with pytest.raises(ConfigurationError):
        other.hold()
    sqlite.close()
    other.hold()
    other.close()


def test_who_holds_it_may_leave_a_note(sqlite: Database, sqlite_url: str) -> None:
    other = Database(sqlite_url)
    assert other.holder() == ""
    sqlite.hold("a note that is rather long")
    assert other.holder() == "a note that is rather long"
    sqlite.close()
    other.hold("a short one")
    assert sqlite.holder() == "a short one"
    other.close()
    assert sqlite.holder() == ""


def test_a_lock_that_cannot_be_made_is_a_wrong_setting(sqlite: Database, tmp_path: Path) -> None:
    (tmp_path / "relais.db.lock").mkdir()
    with pytest.raises(ConfigurationError, match=r"relais\.db\.lock"):
        sqlite.hold()


@pytest.mark.parametrize(
    "url",
    [
        "postgresql+psycopg://me@host:port/relais",
        "sqlite:////dev/null/below/relais.db",
        "mysql://host/relais",
        "postgresql+asyncpg://host/relais",
        "postgresql+psycopg://host/relais?colour=red",
        "postgresql+psycopg://host/relais?port=five",
        "sqlite:////tmp/relais.db?colour=red",
        "sqlite://",
        "no such thing",
        "",
    ],
)
def test_an_odd_url_is_a_wrong_setting(url: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        Database(url)
    assert [key for key, _ in caught.value.mistakes] == ["store.url"]


def test_postgresql_needs_no_hold(postgresql_url: str) -> None:
    one, two = Database(postgresql_url), Database(postgresql_url)
    one.hold()
    two.hold()
    one.close()
    two.close()


@pytest.mark.parametrize("url", ["", "nonsense", "mysql://host/name", "postgresql+asyncpg://host/name", "sqlite://"])
def test_a_url_of_no_use_is_a_mistake_of_configuration(url: str) -> None:
    with pytest.raises(ConfigurationError, match=r"store\.url"):
        Database(url)


def test_reading_is_one_snapshot(database: Database) -> None:
    with database.reading() as tx:
        assert tx.execute(select(communities)).all() == []
        with database.transaction() as writing:
            writing.execute(insert(communities).values(address="projets", **ROW))
        assert tx.execute(select(communities)).all() == []
    with database.reading() as tx:
        assert len(tx.execute(select(communities)).all()) == 1


def test_writing_after_reading_is_not_a_snapshot(postgresql_url: str) -> None:
    # The pool gives the same connection again: what reading() asked for must not cling to it.
    database = Database(postgresql_url, pool=1)
    with database.reading() as tx:
        assert tx.scalar(text("SHOW transaction_isolation")) == "repeatable read"
    with database.transaction() as tx:
        assert tx.scalar(text("SHOW transaction_isolation")) == "read committed"
    database.close()


def test_an_error_tells_nobodys_words(database: Database) -> None:
    row = {"address": "somebody's words", **ROW}
    with pytest.raises(IntegrityError) as caught, database.transaction() as tx:
        tx.execute(insert(communities), [row, row])
    assert "somebody's words" not in str(caught.value).partition("DETAIL")[0]


def test_a_symbolic_link_leads_to_the_same_lock(sqlite_url: str, tmp_path: Path) -> None:
    link = tmp_path / "link.db"
    link.symlink_to(sqlite_url.removeprefix("sqlite:///"))
    first, second = Database(sqlite_url), Database(f"sqlite:///{link}")
    first.hold()
    with pytest.raises(ConfigurationError, match="another Relais"):
        second.hold()
    second.close()
    first.close()
