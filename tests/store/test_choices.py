"""What a person made of a topic or a post counts once, however many workers write it at the same moment."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from time import monotonic, sleep

from sqlalchemy import Connection, select, text

from gateway.core.community import Choice
from store import choices
from store.database import Database
from store.schema import thanks, topic_choices
from tests.network import Network


def beside(database: Database, write: Callable[[Connection], object]) -> tuple[object, object]:
    """What two workers get who write the same: the second one while the first has not committed."""

    def second() -> object:
        with database.transaction() as tx:
            return write(tx)

    with ThreadPoolExecutor(1) as pool:
        with database.transaction() as tx:
            first = write(tx)
            other = pool.submit(second)
            if not database.is_sqlite:
                wait_for_lock(database, other)
        return first, other.result()


def wait_for_lock(database: Database, other: Future[object]) -> None:
    """Until somebody waits for what another transaction has written."""
    until = monotonic() + 10
    waiting = text("SELECT count(*) FROM pg_locks WHERE NOT granted")
    while monotonic() < until and not other.done():
        with database.reading() as tx:
            if tx.scalar(waiting):
                return
        sleep(0.01)
    raise AssertionError("the second one never waited")


def test_thanks_count_once(database: Database, network: Network) -> None:
    ann, tom = network.persons("ann", "tom")
    projets = network.community("projets")
    network.join(projets, ann, tom)
    [post] = network.write(ann, projets)
    assert beside(database, lambda tx: choices.thank(tx, post, tom, network.clock())) == (True, False)
    with database.transaction() as tx:
        assert choices.thank(tx, post, tom, network.clock()) is False
        assert choices.thank(tx, post, ann, network.clock()) is True
    with database.reading() as tx:
        assert set(tx.scalars(select(thanks.c.person_id))) == {ann, tom}


def test_a_choice_is_made_once_and_ends_the_other(database: Database, network: Network) -> None:
    ann = network.person("ann")
    projets = network.community("projets")
    network.join(projets, ann)
    network.write(ann, projets)
    beside(database, lambda tx: choices.choose(tx, ann, 1, Choice.MUTED))
    with database.transaction() as tx:
        assert list(tx.scalars(select(topic_choices.c.choice))) == [Choice.MUTED.value]
        choices.choose(tx, ann, 1, Choice.FOLLOWED)
        assert list(tx.scalars(select(topic_choices.c.choice))) == [Choice.FOLLOWED.value]
