"""The week of a community is told on Monday, once to each who runs it, with what would help."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta

import pytest
from sqlalchemy import select

from digests import reports
from digests.reports import Morning
from digests.waiting import Origin
from gateway.core.audit import Act, Entry
from gateway.core.community import Role
from gateway.core.notice import NoticeKind, NoticeMail
from gateway.core.report import Advice, Week, advise
from store import audit, memberships, notices
from store.database import Database
from store.schema import notices as notice_rows
from tests.network import DOMAIN, KEYS, Network, SetClock

MORNING = Morning("Europe/Paris", time(7, 30))
MONDAY = datetime(2026, 11, 23, 6, 30, tzinfo=UTC)
"""07:30 in Paris."""
ORIGIN = Origin(DOMAIN, KEYS.current)
QUIET_WEEK = Week(date(2026, 11, 16), date(2026, 11, 23), 42, 0, 0, 3, 7, 4, 6, 0)


@pytest.fixture
def place(network: Network, database: Database, clock: SetClock) -> int:
    """ann runs it since long; bob wrote an answer, cat came this week, dan left, zoe's question waits."""
    clock.now = MONDAY - timedelta(days=20)
    community = network.community("projets")
    ann, bob, zoe = network.person("ann"), network.person("bob"), network.person("zoe")
    network.join(community, ann, bob, zoe)
    with database.transaction() as tx:
        memberships.set_role(tx, community, ann, Role.MANAGER)
    clock.now = MONDAY - timedelta(days=9)
    network.write(zoe, community)
    clock.now = MONDAY - timedelta(days=3)
    [opened] = network.write(ann, community)
    network.write(bob, community, answering=opened)
    network.join(community, network.person("cat"))
    dan = network.person("dan")
    with database.transaction() as tx:
        audit.record(tx, Entry(Act.MEMBER_LEFT, dan, community, dan), clock())
    return community


def tell(database: Database, now: datetime) -> int:
    with database.transaction() as tx:
        return reports.tell(tx, ORIGIN, MORNING, now)


def told(database: Database, person: int) -> list[NoticeMail]:
    with database.reading() as tx:
        ids = tx.scalars(select(notice_rows.c.id).where(notice_rows.c.person_id == person)).all()
        found = notices.get_all(tx, ids, limit_bytes=1000)
    return [found[i] for i in sorted(found) if found[i].kind is NoticeKind.REPORT]


def test_the_week_is_told_once(place: int, database: Database) -> None:
    assert tell(database, MONDAY - timedelta(minutes=1)) == 0
    assert tell(database, MONDAY) == 1
    assert tell(database, MONDAY + timedelta(hours=5)) == 0
    [report] = told(database, 1)
    week = report.week
    assert week is not None and report.community is not None and report.community.id == place
    assert (week.since, week.until) == (date(2026, 11, 16), date(2026, 11, 23))
    assert (week.members, week.joined, week.left) == (4, 1, 1)
    assert (week.topics, week.answers, week.by_digest, week.writers) == (1, 1, 0, 2)
    assert [(topic.topic_id, topic.days) for topic in week.quiet] == [(1, 9)]
    assert week.newcomers == ("Cat",)
    assert week.advice == (Advice.ANSWER, Advice.WELCOME)


def test_it_is_told_each_monday_and_no_other_day(place: int, database: Database) -> None:
    assert tell(database, MONDAY + timedelta(days=1)) == 0
    assert [tell(database, MONDAY + timedelta(days=days)) for days in range(8)] == [1, 0, 0, 0, 0, 0, 0, 1]
    assert len(told(database, 1)) == 2


def test_who_runs_nothing_is_told_nothing(network: Network, database: Database) -> None:
    network.join(network.community("agora"), network.person("bob"))
    assert tell(database, MONDAY) == 0


def test_a_summer_morning_is_the_hour_of_the_clock(place: int, database: Database) -> None:
    assert MORNING.of(datetime(2026, 7, 6, 5, 29, tzinfo=UTC)) is None
    assert MORNING.of(datetime(2026, 7, 6, 5, 30, tzinfo=UTC)) is not None


@pytest.mark.parametrize(
    ("changes", "advice"),
    [
        ({}, ()),
        ({"waiting": 2}, (Advice.DECIDE,)),
        ({"topics": 0, "answers": 0, "writers": 0}, (Advice.OPEN,)),
        ({"writers": 2}, (Advice.INVITE,)),
        ({"writers": 2, "members": 4}, ()),
        (
            {"waiting": 1, "newcomers": ("Tom",), "topics": 0, "writers": 1},
            (Advice.DECIDE, Advice.WELCOME, Advice.OPEN),
        ),
    ],
)
def test_three_things_at_most(changes: dict[str, object], advice: tuple[Advice, ...]) -> None:
    assert advise(replace(QUIET_WEEK, **changes)) == advice  # type: ignore[arg-type]
