"""Floods: a topic that takes too much is paused and lets go by itself; what one author writes too much waits."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import timedelta
from itertools import count
from pathlib import Path

import pytest

from digests import floods, storms, waiting
from digests.waiting import Origin
from gateway.core.community import Role
from gateway.core.notice import NoticeMail
from store import floods as floods_in_store
from store import notices
from store.database import Database
from store.schema import notices as notice_rows
from tests.inbound.post_office import RULES, PostOffice, mail
from tests.network import DOMAIN, KEYS, SetClock

BOUNDED = replace(RULES, topic_per_minute=5, author_per_hour=8)
ORIGIN = Origin(DOMAIN, KEYS.current)
_numbers = count(100)


@pytest.fixture
def office(database: Database, clock: SetClock, tmp_path: Path) -> PostOffice:
    return PostOffice(database, clock, tmp_path / "blobs", BOUNDED)


@pytest.fixture
def boss(office: PostOffice) -> int:
    """Runs `projets`, in which ann and ten others are members; ann has opened a topic, a minute ago."""
    community, manager = office.network.community("projets"), office.network.person("boss")
    office.network.join(community, manager, role=Role.MANAGER)
    office.network.join(community, *office.network.persons("ann", *(f"p{n}" for n in range(10))))
    assert office.post(mail(), "projets").reason == "member_post"
    office.clock.advance(minutes=2)
    return manager


def answer(office: PostOffice, author: str, *, text: str = "So do I.") -> None:
    """One answer to Ann's mail, accepted and not yet read."""
    number = next(_numbers)
    raw = mail(
        author,
        subject="Re: A visit",
        text=f"{text} ({number})",
        message_id=f"<m{number}@people.example>",
        headers="In-Reply-To: <m1@people.example>\r\n",
    )
    office.accept(raw, "projets", reverse_path=f"{author}@people.example")


def reasons(office: PostOffice) -> Counter[tuple[str, str | None]]:
    return Counter((result.state, result.reason) for result in office.results())


def tick(office: PostOffice) -> tuple[int, int]:
    """What the scheduler does every minute: (notices of storms and floods, mails put back)."""
    with office.database.transaction() as tx:
        told = len(storms.tell(tx, ORIGIN, office.clock()))
        return told, floods.calm(tx, office.clock())


def told(office: PostOffice) -> list[NoticeMail]:
    with office.database.reading() as tx:
        ids = list(tx.scalars(notice_rows.select().with_only_columns(notice_rows.c.id)))
        found = notices.get_all(tx, ids, limit_bytes=1)
    return [found[i] for i in sorted(found) if found[i].kind == "storm"]


def test_a_topic_takes_so_many_a_minute_also_of_one_batch(office: PostOffice, boss: int) -> None:
    for n in range(9):
        answer(office, f"p{n}")
    office.work()
    assert reasons(office)["closed", "member_answer"] == 5
    assert reasons(office)["held", "topic_flood"] == 4
    # Each author is told that it waits; those who run it hear of the flood once, and are asked about none of the four.
    assert Counter(kind for _, kind, _ in office.told()) == {"waiting": 4}
    assert tick(office) == (1, 0)
    assert tick(office) == (0, 0)
    [notice] = told(office)
    assert notice.topic and (notice.reason, notice.topic.title) == ("topic_flood", "A visit")
    assert [(who, kind) for who, kind, _ in office.told()].count((boss, "storm")) == 1
    with office.database.transaction() as tx:
        assert waiting.tell(tx, ORIGIN, office.clock()) == 0


def test_it_is_paused_until_no_mail_comes_for_it(office: PostOffice, boss: int) -> None:
    for n in range(6):
        answer(office, f"p{n}")
    office.work()
    for _ in range(4):
        office.clock.advance(minutes=9)
        answer(office, "p9")
        office.work()
        assert office.results()[-1].reason == "topic_flood"
        assert tick(office)[1] == 0
    office.clock.advance(minutes=10)
    assert tick(office) == (0, 5)
    office.work()
    assert reasons(office)["held", "topic_flood"] == 0
    assert reasons(office)["closed", "member_answer"] == 5 + 5


def test_what_waited_comes_little_by_little(office: PostOffice, boss: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(floods, "EACH", 2)
    for n in range(10):
        answer(office, f"p{n}")
    office.work()
    office.clock.advance(minutes=11)
    put_back = []
    while (calmed := tick(office)[1]) or not put_back:
        put_back.append(calmed)
        office.work()
        office.clock.advance(minutes=1)
    assert put_back == [2, 2, 1]
    posted = [words for words, _, _ in office.posted()]
    assert len(posted) == 11 and [words[:8] for words in posted[1:]] == ["So do I."] * 10


def test_another_topic_of_the_same_community_goes_on(office: PostOffice, boss: int) -> None:
    for n in range(7):
        answer(office, f"p{n}")
    office.work()
    assert office.post(mail("p1", subject="Lunch", message_id="<l1@people.example>"), "projets").state == "closed"
    # What waits has no topic that the store could name, so that all of the community is calm first.
    office.clock.advance(minutes=11)
    with office.database.transaction() as tx:
        floods_in_store.pause(tx, [2], office.clock())
        assert floods.calm(tx, office.clock()) == 0
    office.clock.advance(minutes=11)
    assert tick(office)[1] == 2


def test_a_manager_says_stop_in_the_midst_of_it(office: PostOffice, boss: int) -> None:
    for n in range(7):
        answer(office, f"p{n}")
    answer(office, "boss", text="Please stop.")
    office.work()
    assert office.results()[-1].reason == "member_answer"


def test_one_author_writes_so_much_an_hour_and_the_rest_waits_for_those_who_run_it(
    office: PostOffice, boss: int
) -> None:
    for n in range(12):
        raw = mail("ann", subject=f"Alarm {n}", message_id=f"<a{n}@people.example>")
        office.accept(raw, "projets")
        if n % 4 == 3:
            office.work()
    # One was before.
    assert reasons(office)["closed", "member_post"] == 8
    assert reasons(office)["held", "author_flood"] == 5
    assert Counter(office.told()) == {(2, "waiting", "author_flood"): 1}
    with office.database.transaction() as tx:
        assert waiting.tell(tx, ORIGIN, office.clock()) == 1
        assert floods.calm(tx, office.clock() + timedelta(days=1)) == 0
    office.publish(13)
    assert office.results()[12].reason == "member_post"
    office.clock.advance(hours=1)
    assert office.post(mail("ann", subject="Calm", message_id="<c1@people.example>"), "projets").state == "closed"
