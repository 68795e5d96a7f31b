"""The charter: who has to accept it reads as before, and what they wrote goes out on their yes."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from threading import Thread

import pytest
from sqlalchemy import func, select

from gateway.core.command import Verb
from gateway.core.community import Pace
from gateway.core.notice import NoticeKind, Result
from inbound import pipeline
from store import charters, paces
from store.database import Database
from store.schema import arrivals, posts
from tests.inbound.post_office import HOUSE, mail
from tests.journeys.correspondence import Correspondence, under
from tests.locks import wait_for_lock
from tests.network import DOMAIN, SetClock

WORDS = {"fr": "Restez courtois.\n\nRien de secret.", "en": "Be kind.\n\nNothing secret."}


@pytest.fixture
def office(database: Database, clock: SetClock, tmp_path: Path) -> Correspondence:
    """ann was there before the charter, bob came after it; both read each post of `projets`."""
    office = Correspondence(database, clock, tmp_path / "blobs")
    place = office.network.community("projets", pace=Pace.EACH)
    ann = office.network.person("ann")
    clock.now += timedelta(hours=1)
    publish(office)
    bob = office.network.person("bob")
    office.network.join(place, ann, bob)
    return office


def publish(office: Correspondence, *, everybody: bool = False) -> int:
    with office.database.transaction() as tx:
        return charters.publish(tx, WORDS, office.clock(), everybody=everybody)


def count(office: Correspondence) -> int:
    with office.database.reading() as tx:
        return int(tx.execute(select(func.count()).select_from(posts)).scalar_one())


def write(office: Correspondence, name: str, number: int = 1) -> None:
    raw = mail(name, subject=f"Post {number}", message_id=f"<{name}-{number}@own.example>")
    office.post(raw, "projets", reverse_path=f"{name}@people.example")


def asked(office: Correspondence, person: int) -> list[NoticeKind]:
    return [notice.kind for notice in office.notices_to(person)]


def test_a_newcomer_posts_after_their_yes(office: Correspondence) -> None:
    write(office, "ann")
    assert count(office) == 1
    write(office, "bob", 1)
    write(office, "bob", 2)
    assert count(office) == 1
    office.network.fan_out()
    mine = office.mails()["bob@people.example"]
    [question] = [one for one in mine if one["X-Relais-Kind"] == "notice"]
    body = question.get_body(("plain",))
    assert body is not None
    assert WORDS["en"].split("\n")[0] in str(body.get_content())
    # The second mail within the hour is not asked about again: it waits with the first.
    assert len(mine) == 2
    office.answer("bob", question, "Oui")
    office.work()
    assert count(office) == 3
    with office.database.reading() as tx:
        [one] = charters.accepted(tx)
    assert (one.address, one.version) == ("bob@people.example", 1)
    write(office, "bob", 3)
    assert count(office) == 4


def test_who_says_no_reads_on_and_may_still_say_yes(office: Correspondence) -> None:
    write(office, "bob")
    [question] = office.mails()["bob@people.example"]
    office.answer("bob", question, "Non")
    told = office.notices_to(2)[-1].obeyed
    assert told is not None
    assert (told.verb, told.result) == (Verb.NO, Result.DECLINED)
    assert count(office) == 0
    write(office, "ann")
    office.network.fan_out()
    assert any("Post 1" in str(one["Subject"]) for one in office.mails()["bob@people.example"])
    office.answer("bob", question, "Oui", number=2)
    office.work()
    assert count(office) == 2


def test_a_mail_that_is_decided_beside_the_yes_waits_for_it(office: Correspondence) -> None:
    def write_on() -> None:
        write(office, "bob", 2)

    other = Thread(target=write_on)
    with office.database.transaction() as tx:
        # What the worker does that has the answer: it asks who owes, and then they do not any more.
        assert charters.owing(tx, [2]) == {2}
        charters.accept(tx, 2, office.clock())
        other.start()
        wait_for_lock(office.database, other)
    other.join()
    assert count(office) == 1


def test_the_yes_that_comes_beside_a_mail_releases_it(office: Correspondence) -> None:
    write(office, "bob", 1)
    [question] = office.mails()["bob@people.example"]
    office.accept(mail("bob", message_id="<second@own.example>"), "projets", reverse_path="bob@people.example")
    [claimed] = office.claim()
    second = office.read(claimed)

    def say_yes() -> None:
        office.answer("bob", question, "Oui")

    other = Thread(target=say_yes)
    with office.database.transaction() as tx:
        pipeline.process(tx, [second], HOUSE, office.rules, office.clock())
        other.start()
        wait_for_lock(office.database, other)
    other.join()
    office.work()
    assert count(office) == 2


def test_the_yes_of_somebody_else_is_not_theirs(office: Correspondence) -> None:
    write(office, "bob")
    [question] = office.mails()["bob@people.example"]
    office.answer("ann", question, "Oui")
    office.work()
    assert count(office) == 0
    with office.database.reading() as tx:
        assert charters.accepted(tx) == []


def test_words_of_command_need_no_charter(office: Correspondence) -> None:
    raw = mail("bob", subject="JOUR", text="", message_id="<c@own.example>", headers=f"To: relais@{DOMAIN}\r\n")
    office.post(raw, "relais", reverse_path="bob@people.example")
    assert asked(office, 2) == [NoticeKind.OBEYED]


def test_an_answer_to_a_digest_waits_whole(office: Correspondence) -> None:
    with office.database.transaction() as tx:
        paces.choose(tx, 1, 2, Pace.DAILY, office.clock())
    office.paper.round()
    write(office, "ann")
    office.morning()
    digest = office.digest_of("bob")
    office.answer("bob", digest, under(digest, {1: "I come along."}))
    assert (count(office), asked(office, 2)) == (1, [NoticeKind.QUESTION])
    [question] = office.mails()["bob@people.example"]
    office.answer("bob", question, "Oui", number=2)
    office.work()
    assert count(office) == 2


def test_a_new_version_asks_everybody_or_newcomers_alone(office: Correspondence, clock: SetClock) -> None:
    with office.database.transaction() as tx:
        charters.accept(tx, 2, clock())
    write(office, "bob", 1)
    clock.now += timedelta(hours=1)
    publish(office)
    write(office, "bob", 2)
    assert count(office) == 2
    clock.now += timedelta(hours=1)
    publish(office, everybody=True)
    write(office, "bob", 3)
    write(office, "ann", 3)
    assert count(office) == 2
    with office.database.reading() as tx:
        assert charters.owing(tx, [1, 2]) == {1, 2}
        assert charters.count_owing(tx) == 2
        reasons = set(tx.scalars(select(arrivals.c.reason).where(arrivals.c.state == "held")))
    assert reasons == {"charter"}
