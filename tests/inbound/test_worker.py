"""The worker: batches through the reader processes into the pipeline; what fails is retried, then set aside whole."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path

import pytest
from sqlalchemy import Connection, select
from sqlalchemy.exc import StatementError

from gateway.core.decision import Verdict
from gateway.core.errors import StoreError
from gateway.core.message import Hints, Mail
from inbound import pipeline
from inbound import worker as module
from inbound.case import Decided, ReadMail
from inbound.reader import Reader, Unread
from inbound.worker import Worker, WorkerSetup
from store import arrivals
from store.schema import raw_mails, spool
from store.wakeups import Wakeups, Work
from tests.inbound.post_office import HOUSE, RULES, PostOffice, mail
from tests.network import SetClock

PATIENCE_S = 20.0


def nothing_sent(_tx: Connection, _wanted: Iterable[tuple[int, str]]) -> dict[tuple[int, str], str]:
    return {}


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
        setup = WorkerSetup(HOUSE, RULES, office.setup, readers=2, sent_texts=nothing_sent, decided=self.decided.append)
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


def test_the_loop_works_stops_and_gives_back(plant: Plant) -> None:
    done = threading.Event()
    tell = plant.decided.append

    def told(item: Decided) -> None:
        tell(item)
        if len(plant.decided) == 40:
            done.set()

    plant.worker._setup = WorkerSetup(
        HOUSE, RULES, plant.office.setup, readers=2, sent_texts=nothing_sent, decided=told
    )
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


def test_real_readers_in_real_processes(office: PostOffice, tmp_path: Path) -> None:
    if not office.database.is_sqlite:
        return
    office.network.join(office.network.community("projets"), office.network.person("ann"))
    setup = WorkerSetup(HOUSE, RULES, office.setup, readers=2, sent_texts=nothing_sent, decided=lambda _: None)
    worker = Worker(setup, office.database, Wakeups(office.database), office.clock)
    for n in range(6):
        office.accept(mail(message_id=f"<{n}@people.example>", text=f"words {n}"), "projets")
    assert worker.run_once() == 6
    worker.stop()
    assert len(office.posted()) == 6
