"""The durable hand-over: 250 only after the commit, 4yz for our own trouble, nothing half stored."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from queue import SimpleQueue

import pytest
import structlog
from sqlalchemy import Connection, event, func, select

from gateway.core.message import Envelope
from gateway.core.reply import Reply
from inbound import spool as module
from inbound.spool import ACCEPTED, FULL, IN_ROW, STOPPING, TROUBLE, Spool
from store.blobs import BlobWriter, DiskBlobs
from store.database import Database
from store.schema import arrivals, raw_mails, spool
from tests.network import envelope

PATIENCE_S = 10.0
LETTER = envelope("projets", "achats")


@pytest.fixture
def blobs(tmp_path: Path) -> DiskBlobs:
    return DiskBlobs(tmp_path / "blobs")


@pytest.fixture
def opened(database: Database, blobs: DiskBlobs, tmp_path: Path) -> Iterator[Spool]:
    made = Spool(database, blobs, disk=tmp_path, reserve_bytes=0, committed=lambda: None)
    made.start()
    yield made
    made.stop()


def stored(database: Database) -> tuple[int, int, int]:
    """(messages, raw bytes in rows, arrivals)."""
    with database.reading() as tx:
        counted = [tx.scalar(select(func.count()).select_from(table)) for table in (spool, raw_mails, arrivals)]
    return counted[0] or 0, counted[1] or 0, counted[2] or 0


def hand_over(opened: Spool, raw: bytes, wrapped: Envelope = LETTER) -> SimpleQueue[Reply]:
    """Submits without waiting, as the listener does."""
    answer: SimpleQueue[Reply] = SimpleQueue()
    intake = opened.intake()
    intake.write(raw)
    opened.submit(wrapped, intake, answer.put)
    return answer


@contextmanager
def statements(database: Database, act: Callable[[str], None]) -> Iterator[None]:
    """Calls `act` before every statement."""

    def before(_conn: object, _cursor: object, statement: str, *_rest: object) -> None:
        act(statement)

    event.listen(database.engine, "before_cursor_execute", before)
    try:
        yield
    finally:
        event.remove(database.engine, "before_cursor_execute", before)


def test_250_is_said_after_the_commit(database: Database, opened: Spool) -> None:
    order: list[str] = []
    event.listen(database.engine, "commit", lambda _connection: order.append("commit"))
    intake = opened.intake()
    intake.write(b"words")
    done = threading.Event()

    def answered(reply: Reply) -> None:
        order.append(str(reply.code))
        done.set()

    opened.submit(LETTER, intake, answered)
    assert done.wait(PATIENCE_S)
    assert order == ["commit", "250"]
    assert stored(database) == (1, 1, 2)


def test_what_waits_is_committed_together(database: Database, opened: Spool) -> None:
    commits: list[object] = []
    event.listen(database.engine, "commit", commits.append)
    gate, entered = threading.Event(), threading.Event()

    def hold_first(statement: str) -> None:
        if statement.startswith("INSERT INTO spool") and not entered.is_set():
            entered.set()
            gate.wait(PATIENCE_S)

    with statements(database, hold_first):
        answers = [hand_over(opened, b"first")]
        assert entered.wait(PATIENCE_S)
        answers += [hand_over(opened, b"mail %d" % n) for n in range(50)]
        gate.set()
        assert {answer.get(timeout=PATIENCE_S) for answer in answers} == {ACCEPTED}
    assert len(commits) == 2
    with database.reading() as tx:
        raws = tx.scalars(select(raw_mails.c.data).order_by(raw_mails.c.spool_id)).all()
    assert raws == [b"first", *(b"mail %d" % n for n in range(50))]


@pytest.mark.parametrize("table", ["spool", "raw_mails", "arrivals"])
def test_a_database_that_fails_gives_451_and_stores_nothing(database: Database, opened: Spool, table: str) -> None:
    def fail(statement: str) -> None:
        if statement.startswith(f"INSERT INTO {table} "):
            raise OSError("secret detail")

    with statements(database, fail):
        reply = opened.accept(LETTER, b"words")
    assert reply == TROUBLE
    assert "secret" not in str(reply)
    assert stored(database) == (0, 0, 0)
    # The peer comes back.
    assert opened.accept(LETTER, b"words") == ACCEPTED


def test_a_commit_that_fails_gives_451_and_stores_nothing(database: Database, opened: Spool) -> None:
    def fail(_connection: Connection) -> None:
        raise OSError("disk gone")

    event.listen(database.engine, "commit", fail)
    assert opened.accept(LETTER, b"words") == TROUBLE
    event.remove(database.engine, "commit", fail)
    assert stored(database) == (0, 0, 0)
    assert opened.accept(LETTER, b"words") == ACCEPTED


def test_a_database_that_is_gone_gives_451(blobs: DiskBlobs, tmp_path: Path) -> None:
    gone = Database(f"postgresql+psycopg://relais@/relais?host={tmp_path}")
    opened = Spool(gone, blobs, disk=tmp_path, reserve_bytes=0, committed=lambda: None)
    opened.start()
    assert opened.accept(LETTER, b"words") == TROUBLE
    opened.stop()
    gone.close()


def test_up_to_the_limit_a_mail_is_a_row_and_above_it_a_blob(
    database: Database, opened: Spool, blobs: DiskBlobs
) -> None:
    small, large = b"x" * IN_ROW, b"y" * (IN_ROW + 1)
    assert opened.accept(LETTER, small) == ACCEPTED
    assert opened.accept(LETTER, large) == ACCEPTED
    with database.reading() as tx:
        rows = tx.execute(
            select(spool.c.size, spool.c.blob, raw_mails.c.data)
            .outerjoin(raw_mails, raw_mails.c.spool_id == spool.c.id)
            .order_by(spool.c.id)
        ).all()
    assert tuple(rows[0]) == (len(small), "", small)
    assert (rows[1].size, rows[1].data) == (len(large), None)
    assert blobs.read(rows[1].blob) == large


def test_a_large_mail_is_written_as_it_comes(opened: Spool, blobs: DiskBlobs) -> None:
    intake = opened.intake()
    for _ in range(100):
        intake.write(b"z" * 1000)
    assert intake.size == 100_000
    assert intake.raw is None
    assert len(list(blobs.folder.rglob("incoming-*"))) == 1
    intake.discard()
    assert list(blobs.folder.rglob("incoming-*")) == []


def test_a_blob_that_cannot_be_stored_gives_451(
    database: Database, opened: Spool, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_writer: BlobWriter) -> str:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(BlobWriter, "finish", refuse)
    assert opened.accept(LETTER, b"x" * (IN_ROW + 1)) == TROUBLE
    assert stored(database) == (0, 0, 0)


def test_a_storage_that_surprises_gives_451(
    database: Database, opened: Spool, blobs: DiskBlobs, monkeypatch: pytest.MonkeyPatch
) -> None:
    def surprise(writer: BlobWriter) -> str:
        writer.finish()
        raise ValueError("never thought of")

    monkeypatch.setattr(blobs, "commit", surprise)
    answer = hand_over(opened, b"x" * (IN_ROW + 1))
    assert answer.get(timeout=PATIENCE_S) == TROUBLE
    assert list(blobs.folder.rglob("incoming-*")) == []


def test_a_full_disk_gives_452_and_recovers(
    database: Database, blobs: DiskBlobs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened = Spool(database, blobs, disk=tmp_path, reserve_bytes=1 << 62, committed=lambda: None)
    opened.start()
    assert opened.accept(LETTER, b"words") == FULL
    assert opened.accept(LETTER, b"x" * (IN_ROW + 1)) == FULL
    assert stored(database) == (0, 0, 0)
    free = os.statvfs(tmp_path)
    monkeypatch.setattr(
        os, "statvfs", lambda _: os.statvfs_result((free[0], 1 << 60, free[2], 1 << 60, 1 << 60, *free[5:10]))
    )
    assert opened.accept(LETTER, b"words") == ACCEPTED
    opened.stop()


def test_a_disk_that_fills_while_a_mail_comes_in_gives_452(
    database: Database, opened: Spool, blobs: DiskBlobs, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_writer: BlobWriter, _data: bytes) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(BlobWriter, "write", refuse)
    assert opened.accept(LETTER, b"x" * (IN_ROW + 1)) == FULL
    assert stored(database) == (0, 0, 0)
    assert list(blobs.folder.rglob("incoming-*")) == []


def test_one_impossible_mail_does_not_spoil_the_others(database: Database, opened: Spool) -> None:
    gate, entered = threading.Event(), threading.Event()

    def hold_first(statement: str) -> None:
        if statement.startswith("INSERT INTO spool") and not entered.is_set():
            entered.set()
            gate.wait(PATIENCE_S)

    with statements(database, hold_first):
        first = hand_over(opened, b"first")
        assert entered.wait(PATIENCE_S)
        # Neither driver can store a lone surrogate.
        bad = hand_over(opened, b"bad", envelope("projets", reverse_path="\udcff@people.example"))
        good = [hand_over(opened, b"good") for _ in range(3)]
        gate.set()
        assert first.get(timeout=PATIENCE_S) == ACCEPTED
        assert bad.get(timeout=PATIENCE_S) == TROUBLE
        assert [answer.get(timeout=PATIENCE_S) for answer in good] == [ACCEPTED] * 3
    assert stored(database) == (4, 4, 8)


def test_the_workers_are_woken_after_a_commit_only(database: Database, blobs: DiskBlobs, tmp_path: Path) -> None:
    woken: list[int] = []
    opened = Spool(database, blobs, disk=tmp_path, reserve_bytes=0, committed=lambda: woken.append(stored(database)[0]))
    opened.start()
    opened.accept(LETTER, b"words")
    opened.stop()
    assert woken == [1]


def test_stop_commits_what_was_handed_over_and_refuses_the_rest(database: Database, opened: Spool) -> None:
    answers = [hand_over(opened, b"x" * size) for size in (10, IN_ROW + 1) * 20]
    opened.stop()
    assert {answer.get(timeout=PATIENCE_S) for answer in answers} == {ACCEPTED}
    assert stored(database)[0] == 40
    for size in (10, IN_ROW + 1):
        assert hand_over(opened, b"x" * size).get(timeout=PATIENCE_S) == STOPPING
    assert stored(database)[0] == 40


def test_everybody_is_answered_while_it_stops(database: Database, blobs: DiskBlobs, tmp_path: Path) -> None:
    for _ in range(20):
        opened = Spool(database, blobs, disk=tmp_path, reserve_bytes=0, committed=lambda: None)
        opened.start()
        answers: list[SimpleQueue[Reply]] = []
        begun = threading.Event()

        def submit(
            to: Spool = opened, into: list[SimpleQueue[Reply]] = answers, begun: threading.Event = begun
        ) -> None:
            for n in range(60):
                into.append(hand_over(to, b"words"))
                if n == 10:
                    begun.set()

        client = threading.Thread(target=submit)
        client.start()
        begun.wait()
        opened.stop()
        client.join()
        assert {answer.get(timeout=PATIENCE_S) for answer in answers} <= {ACCEPTED, STOPPING}


class _Deaf:
    """A log that cannot be written: what /dev/full and a pipe without a reader do."""

    def msg(self, _line: str) -> None:
        raise OSError(28, "No space left on device")

    error = warning = info = exception = msg


def test_the_writer_outlives_a_log_that_cannot_be_written(
    database: Database, opened: Spool, blobs: DiskBlobs, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(statement: str) -> None:
        if statement.startswith("INSERT INTO spool "):
            raise OSError("disk gone")

    def refuse(_writer: BlobWriter) -> str:
        raise OSError(5, "Input/output error")

    with monkeypatch.context() as patch:
        patch.setattr(module, "log", structlog.wrap_logger(_Deaf(), processors=[structlog.dev.ConsoleRenderer()]))
        with statements(database, fail):
            assert hand_over(opened, b"words").get(timeout=PATIENCE_S) == TROUBLE
        patch.setattr(BlobWriter, "finish", refuse)
        assert hand_over(opened, b"x" * (IN_ROW + 1)).get(timeout=PATIENCE_S) == TROUBLE
    assert hand_over(opened, b"words").get(timeout=PATIENCE_S) == ACCEPTED
    assert not opened.has_died()


def test_the_writer_outlives_its_neighbours(database: Database, blobs: DiskBlobs, tmp_path: Path) -> None:
    def stumble(*_: object) -> None:
        raise RuntimeError("never thought of")

    opened = Spool(database, blobs, disk=tmp_path, reserve_bytes=0, committed=stumble)
    opened.start()
    intake = opened.intake()
    intake.write(b"words")
    opened.submit(LETTER, intake, stumble)
    assert hand_over(opened, b"words").get(timeout=PATIENCE_S) == ACCEPTED
    assert hand_over(opened, b"words").get(timeout=PATIENCE_S) == ACCEPTED
    opened.stop()
    assert not opened.has_died()


@pytest.mark.parametrize("full", ["database", "blobs"])
def test_the_disk_of_the_blobs_counts_as_that_of_the_database(
    database: Database, blobs: DiskBlobs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, full: str
) -> None:
    opened = Spool(database, blobs, disk=tmp_path, reserve_bytes=1 << 40, committed=lambda: None)
    opened.start()
    free, blobs_inside = os.statvfs(tmp_path), blobs.disk
    room = {"database": tmp_path, "blobs": blobs_inside}

    def state(path: Path) -> os.statvfs_result:
        blocks = 0 if path == room[full] else 1 << 60
        return os.statvfs_result((free[0], 4096, free[2], blocks, blocks, *free[5:10]))

    monkeypatch.setattr(os, "statvfs", state)
    assert opened.accept(LETTER, b"words") == FULL
    room[full] = Path("elsewhere")
    assert opened.accept(LETTER, b"words") == ACCEPTED
    opened.stop()


def test_a_database_elsewhere_has_no_disk_here(database: Database, blobs: DiskBlobs) -> None:
    opened = Spool(database, blobs, disk=None, reserve_bytes=1, committed=lambda: None)
    opened.start()
    assert opened.accept(LETTER, b"words") == ACCEPTED
    opened.stop()
