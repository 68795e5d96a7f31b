"""The worker: batches through the reader processes into the pipeline; what fails is retried, then set aside whole."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path

import pytest
from sqlalchemy import Connection, select
from sqlalchemy.exc import StatementError
from structlog.testing import capture_logs

from gateway.core.decision import Verdict
from gateway.core.digest import SentDigest
from gateway.core.errors import StoreError
from gateway.core.message import Hints, Mail
from inbound import pipeline, reader
from inbound import worker as module
from inbound.case import Decided, ReadMail
from inbound.reader import LEFT, Reader, Unread
from inbound.worker import Worker, WorkerSetup
from store import arrivals
from store.database import Database
from store.schema import raw_mails, spool
from store.wakeups import Wakeups, Work
from tests.inbound.post_office import HOUSE, RULES, PostOffice, mail
from tests.network import SetClock

PATIENCE_S = 20.0


def nothing_sent(_tx: Connection, _wanted: Iterable[tuple[int, str]]) -> dict[tuple[int, str], str]:
    return {}


def no_digests(_tx: Connection, _wanted: Iterable[int]) -> dict[int, SentDigest]:
    return {}


def setup_of(office: PostOffice, readers: int, decided: Callable[[Decided], None] = lambda _: None) -> WorkerSetup:
    return WorkerSetup(HOUSE, RULES, office.setup, readers, nothing_sent, no_digests, decided)


class Plant:
    """A worker whose readers read in this process, and all that it told."""

    def __init__(self, office: PostOffice, monkeypatch: pytest.MonkeyPatch) -> None:
        self.office = office
        self.decided: list[Decided] = []
        self.wakeups = Wakeups(office.database)
        self.trouble: Callable[[Mail], Unread | None] = lambda _: None

        def read(_reader: Reader, asked: Sequence[tuple[Mail, Hints]]) -> list[ReadMail | Unread]:
            return [self.trouble(one) or office.read(one) for one, _ in asked]

        monkeypatch.setattr(Reader, "read", read)
        monkeypatch.setattr(Reader, "start", lambda _: None)
        monkeypatch.setattr(module, "_TROUBLE_PAUSE_S", 0.0)
        setup = WorkerSetup(
            HOUSE,
            RULES,
            office.setup,
            readers=2,
            sent_texts=nothing_sent,
            sent_digests=no_digests,
            decided=self.decided.append,
        )
        self.worker = Worker(setup, office.database, self.wakeups, office.clock)

    def states(self) -> list[tuple[str, int, int, str]]:
        """(state, attempts, failures, trouble) of every message."""
        query = select(spool.c.state, spool.c.attempts, spool.c.failures, spool.c.trouble).order_by(spool.c.id)
        with self.office.database.reading() as tx:
            return [(row[0], row[1], row[2], row[3]) for row in tx.execute(query)]


@pytest.fixture
def plant(office: PostOffice, monkeypatch: pytest.MonkeyPatch) -> Iterator[Plant]:
    made = Plant(office, monkeypatch)
    office.network.join(office.network.community("projets"), *office.network.persons("ann", "bob"))
    yield made
    made.worker.stop()


def accept(plant: Plant, *texts: str) -> None:
    for n, text in enumerate(texts):
        plant.office.accept(mail(message_id=f"<{n}@people.example>", text=text), "projets")


def test_a_batch_is_read_by_all_and_decided_in_order(plant: Plant) -> None:
    accept(plant, *(f"words {n}" for n in range(11)))
    assert plant.worker.run_once() == 11
    assert plant.worker.run_once() == 0
    assert [text for text, _, _ in plant.office.posted()] == [f"words {n}" for n in range(11)]
    assert [item.decision.verdict for item in plant.decided] == [Verdict.PUBLISH] * 11


def test_an_answer_in_the_same_batch_finds_what_it_answers(plant: Plant) -> None:
    plant.office.accept(mail(), "projets")
    answer = mail("bob", message_id="<m2@people.example>", headers="In-Reply-To: <m1@people.example>\r\n")
    plant.office.accept(answer, "projets")
    plant.worker.run_once()
    assert [item.decision.reason for item in plant.decided] == ["member_post", "member_answer"]


def test_a_mail_that_cannot_be_read_is_set_aside_and_delays_nobody(plant: Plant) -> None:
    plant.trouble = lambda one: Unread(one, "boom", temporary=False) if b"bad" in (one.raw or b"") else None
    accept(plant, "one", "bad", "three")
    for _ in range(3):
        plant.worker.run_once()
        plant.office.clock.advance(minutes=2)
    assert plant.states() == [("closed", 1, 0, ""), ("set_aside", 3, 3, "boom"), ("closed", 1, 0, "")]
    assert [text for text, _, _ in plant.office.posted()] == ["one", "three"]
    with plant.office.database.reading() as tx:
        assert len(tx.scalars(select(raw_mails.c.data)).all()) == 3


def test_our_own_trouble_is_no_failure(plant: Plant) -> None:
    plant.trouble = lambda one: Unread(one, "the storage is away", temporary=True)
    accept(plant, "one", "two")
    for _ in range(5):
        assert plant.worker.run_once() == 2
    assert {state[0] for state in plant.states()} == {"spooled"}
    assert {state[2] for state in plant.states()} == {0}
    plant.trouble = lambda _: None
    plant.worker.run_once()
    assert len(plant.office.posted()) == 2


@pytest.mark.parametrize(
    "error",
    [
        KeyError("no"),
        ValueError("bad \0 value"),
        AttributeError("x"),
        AssertionError(),
        RecursionError("deep"),
        StatementError("no such parameter", "SELECT 1", {}, ValueError()),
        RuntimeError("never thought of"),
        MemoryError(),
    ],
)
def test_a_bug_met_by_one_mail_does_not_spoil_the_others(
    plant: Plant, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    process = pipeline.process

    def stumble(tx: object, batch: Sequence[ReadMail], *rest: object) -> tuple[Decided, ...]:
        decided = process(tx, batch, *rest)  # type: ignore[arg-type]
        if any("bad" in read.reading.body.text for read in batch):
            raise error
        return decided

    monkeypatch.setattr(pipeline, "process", stumble)
    accept(plant, "one", "bad", "three")
    for _ in range(3):
        plant.worker.run_once()
        plant.office.clock.advance(minutes=2)
    assert [state[0] for state in plant.states()] == ["closed", "set_aside", "closed"]
    assert [text for text, _, _ in plant.office.posted()] == ["one", "three"]
    # What was rolled back was not told either.
    assert len(plant.decided) == 2


def test_trouble_of_the_store_gives_the_batch_back(plant: Plant, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> tuple[Decided, ...]:
        raise StoreError("the database went away")

    accept(plant, "one", "two")
    with monkeypatch.context() as patch:
        patch.setattr(pipeline, "process", fail)
        for _ in range(4):
            plant.worker.run_once()
    assert {(state[0], state[2]) for state in plant.states()} == {("spooled", 0)}
    plant.worker.run_once()
    assert len(plant.office.posted()) == 2


def test_who_lost_a_lease_writes_nothing_and_the_others_are_done(plant: Plant, clock: SetClock) -> None:
    accept(plant, "one", "two", "three")
    batch = plant.worker._claim_and_read()
    with plant.office.database.transaction() as tx:
        tx.execute(spool.update().where(spool.c.id == batch[1].mail.id).values(attempts=7))
    plant.worker._process(batch)
    assert [text for text, _, _ in plant.office.posted()] == ["one", "three"]
    assert [state[0] for state in plant.states()] == ["closed", "spooled", "closed"]


def test_a_poisoned_batch_that_outlives_its_claim_is_counted_once(plant: Plant) -> None:
    """While the first worker reads, its claim ends and another node does it all: only that one's word counts."""
    accept(plant, "one", "bad", "three")
    slow = [plant.office.database]

    def outlast(one: Mail) -> Unread | None:
        if slow and one.id == 1:
            slow.clear()
            plant.office.clock.now += arrivals.LEASE
            other.run_once()
        return Unread(one, "boom", temporary=False) if b"bad" in (one.raw or b"") else None

    plant.trouble = outlast
    other = Worker(plant.worker._setup, plant.office.database, plant.wakeups, plant.office.clock)
    with capture_logs() as lines:
        plant.worker.run_once()
    other.stop()
    assert plant.states() == [("closed", 2, 0, ""), ("spooled", 2, 1, "boom"), ("closed", 2, 0, "")]
    assert [text for text, _, _ in plant.office.posted()] == ["one", "three"]
    said = [line["event"] for line in lines if line["event"] in ("will_retry", "lease_lost", "set_aside")]
    # The other one's failure was written; of the late one is only told that it came too late.
    assert said.count("will_retry") == 1 and set(said) == {"will_retry", "lease_lost"}


def test_what_is_left_of_a_batch_is_given_back_without_a_pause(plant: Plant, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_TROUBLE_PAUSE_S", 600.0)
    plant.trouble = lambda one: Unread(one, LEFT, temporary=True) if one.id == 2 else None
    accept(plant, "one", "two")
    plant.worker.run_once()
    assert plant.states() == [("closed", 1, 0, ""), ("spooled", 1, 0, "")]
    plant.trouble = lambda _: None
    plant.worker.run_once()
    assert len(plant.office.posted()) == 2


@pytest.mark.parametrize("failed", [False, True], ids=["given back", "failed"])
def test_what_cannot_be_put_back_is_put_back_later(plant: Plant, monkeypatch: pytest.MonkeyPatch, failed: bool) -> None:
    """C6: on a full disk the way back needs the disk, too; a claim must not have to run out for it."""
    accept(plant, "one", "two")
    plant.trouble = lambda one: Unread(one, "boom", temporary=not failed)

    def full(*_: object) -> None:
        raise StoreError("database or disk is full")

    with monkeypatch.context() as patch:
        patch.setattr(arrivals, "fail" if failed else "release", full)
        plant.worker.run_once()
        plant.worker.run_once()
    plant.trouble = lambda _: None
    plant.office.clock.advance(seconds=1)
    plant.worker.run_once()
    assert {state[2] for state in plant.states()} == {int(failed)}
    plant.office.clock.advance(seconds=5)
    plant.worker.run_once()
    assert [text for text, _, _ in plant.office.posted()] == ["one", "two"]


def test_what_was_read_ahead_and_failed_is_counted_when_the_loop_ends(plant: Plant) -> None:
    accept(plant, "one", "bad")
    plant.trouble = lambda one: Unread(one, "boom", temporary=False) if b"bad" in (one.raw or b"") else None
    plant.worker._forget(plant.worker._pool.submit(plant.worker._claim_and_read))
    assert plant.states() == [("spooled", 1, 0, ""), ("spooled", 1, 1, "boom")]


def test_the_loop_works_stops_and_gives_back(plant: Plant) -> None:
    done = threading.Event()
    tell = plant.decided.append

    def told(item: Decided) -> None:
        tell(item)
        if len(plant.decided) == 40:
            done.set()

    plant.worker._setup = setup_of(plant.office, 2, told)
    plant.worker.start()
    accept(plant, *(f"words {n}" for n in range(40)))
    plant.wakeups.ring(Work.ARRIVALS)
    assert done.wait(PATIENCE_S)
    plant.worker.stop()
    accept(plant, "late")
    with plant.office.database.transaction() as tx:
        # Nothing is left claimed.
        assert len(arrivals.claim(tx, plant.office.clock(), 100)) == 1


def test_the_loop_outlives_whatever_happens(plant: Plant, monkeypatch: pytest.MonkeyPatch) -> None:
    troubles: list[Exception] = [StoreError("away"), RuntimeError("never thought of"), OSError("nor this")]
    claim, seen = arrivals.claim, threading.Event()

    def stumble(tx: object, now: object, most: int) -> list[Mail]:
        if troubles:
            raise troubles.pop()
        seen.set()
        return claim(tx, now, most)  # type: ignore[arg-type]

    monkeypatch.setattr(arrivals, "claim", stumble)
    accept(plant, "words")
    plant.worker.start()
    assert seen.wait(PATIENCE_S)
    plant.worker.stop()
    assert not troubles


def test_the_loop_outlives_a_release_that_fails(plant: Plant, monkeypatch: pytest.MonkeyPatch) -> None:
    troubled = threading.Event()

    def stumble(*_: object) -> tuple[Decided, ...]:
        raise StoreError("away")

    def fail(*_: object) -> None:
        troubled.set()
        raise RuntimeError("never thought of")

    with monkeypatch.context() as patch:
        patch.setattr(pipeline, "process", stumble)
        patch.setattr(arrivals, "release", fail)
        accept(plant, "words")
        plant.worker.start()
        assert troubled.wait(PATIENCE_S)
    plant.worker._wakeups.wait(Work.ARRIVALS, 0.1)
    assert not plant.worker.has_died()
    plant.worker.stop()
    assert not plant.worker.has_died()


def test_poison_in_two_nodes_batches_is_counted_for_the_poison_alone(
    postgresql_url: str, clock: SetClock, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Real readers: what takes long is set aside after three, the rest goes to whoever comes, and nothing twice."""
    monkeypatch.setattr(reader, "ENOUGH_S", 0.5)
    monkeypatch.setattr(
        reader,
        "_PROGRAM",
        """
from inbound import reading, reading_process
reading_process.CPU_S = 0.2
read = reading.read
def spin(raw, *rest):
    while b"bad" in raw:
        pass
    return read(raw, *rest)
reading.read = spin
reading_process.main()
""",
    )
    nodes = [Database(postgresql_url), Database(postgresql_url)]
    office = PostOffice(nodes[0], clock, tmp_path / "blobs")
    office.network.join(office.network.community("projets"), office.network.person("ann"))
    for n in range(8):
        text = "bad" if n % 2 else f"words {n}"
        office.accept(mail(message_id=f"<{n}@people.example>", text=text), "projets")
    setup = WorkerSetup(
        HOUSE, RULES, office.setup, readers=1, sent_texts=nothing_sent, sent_digests=no_digests, decided=lambda _: None
    )
    workers = [Worker(setup, node, Wakeups(node), clock) for node in nodes]

    def work(worker: Worker) -> None:
        while worker.run_once():
            pass

    with capture_logs() as lines:
        for _ in range(3):
            threads = [threading.Thread(target=work, args=(worker,)) for worker in workers]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            clock.advance(minutes=1)
    posted = sorted(text for text, _, _ in office.posted())
    for worker, node in zip(workers, nodes, strict=True):
        worker.stop()
        node.close()
    assert posted == sorted(f"words {n}" for n in range(0, 8, 2))
    counted = [line["failures"] for line in lines if line["event"] in ("will_retry", "set_aside")]
    assert sorted(counted) == [1] * 4 + [2] * 4 + [3] * 4
    assert not [line for line in lines if line["event"] == "lease_lost"]


def test_real_readers_in_real_processes(office: PostOffice, tmp_path: Path) -> None:
    if not office.database.is_sqlite:
        return
    office.network.join(office.network.community("projets"), office.network.person("ann"))
    setup = WorkerSetup(
        HOUSE, RULES, office.setup, readers=2, sent_texts=nothing_sent, sent_digests=no_digests, decided=lambda _: None
    )
    worker = Worker(setup, office.database, Wakeups(office.database), office.clock)
    for n in range(6):
        office.accept(mail(message_id=f"<{n}@people.example>", text=f"words {n}"), "projets")
    assert worker.run_once() == 6
    worker.stop()
    assert len(office.posted()) == 6
