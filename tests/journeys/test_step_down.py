"""Mails that pile up unanswered come less often; one mail says so, and one word of answer undoes it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from digests.step_down import StepDown
from digests.waiting import Origin
from gateway.core.community import Pace
from gateway.core.notice import NoticeKind, Result
from store import communities, paces
from store.database import Database
from store.schema import deliveries, memberships, people
from store.silence import Patience, Silent
from tests.digests.newspaper import RHYTHM, Newspaper
from tests.inbound.test_joining import Doorstep
from tests.network import DOMAIN, START, SetClock

DAYS, MAILS = 14, 5


class House(Doorstep):
    """Ann writes to the community, Bob does not; whatever leaves arrives."""

    def __init__(self, database: Database, clock: SetClock, blobs: Path) -> None:
        super().__init__(database, clock, blobs)
        self.steps: list[Pace] = []
        self.look = StepDown(database, RHYTHM, Patience(DAYS, MAILS), Origin(DOMAIN, 1), self.steps.append)
        self.paper = Newspaper(database, self.network)
        self.place = self.network.community("projets")
        self.ann, self.bob = self.network.persons("ann", "bob")
        self.network.join(self.place, self.ann, self.bob)

    def post(self, times: int = 1) -> list[int]:  # type: ignore[override]
        """Ann posts, and it is delivered."""
        posts = [self.network.write(self.ann, self.place)[0] for _ in range(times)]
        self.arrive()
        return posts

    def arrive(self) -> None:
        """All that is on its way is delivered."""
        self.network.fan_out()
        with self.database.transaction() as tx:
            tx.execute(deliveries.update().values(state="delivered", finished_at=self.clock()))

    def go_on(self, days: int) -> int:
        """So many days later at ten in Paris; returns how many step down then."""
        self.clock.advance(days=days)
        return self.look.run(self.clock())

    def pace(self, person: int | None = None) -> Pace | None:
        """The pace that Bob, or that person, has chosen or was given."""
        mine = memberships.c.person_id == (person or self.bob)
        with self.database.reading() as tx:
            found = tx.scalar(select(memberships.c.pace).where(mine))
        return Pace(found) if found else None


@pytest.fixture
def house(database: Database, clock: SetClock, tmp_path: Path) -> House:
    made = House(database, clock, tmp_path / "blobs")
    assert clock() == START
    return made


def test_it_steps_down_twice_tells_each_time_and_loses_nothing(house: House) -> None:
    house.clock.advance(minutes=1)
    house.post(MAILS)
    # Thirteen days and a bit are no fourteen.
    assert house.go_on(13) == 0 and house.pace() is None
    [waiting] = house.network.write(house.ann, house.place)
    assert house.go_on(1) == 1 and house.pace() is Pace.DAILY
    [told] = house.told_to(house.bob)
    assert told.kind is NoticeKind.OBEYED and not told.is_answer and told.obeyed is not None
    assert (told.obeyed.result, told.obeyed.communities) == (Result.STEPPED_DOWN, ("Projets",))
    # What was on its way singly still is.
    with house.database.reading() as tx:
        assert tx.scalar(select(deliveries.c.person_id).where(deliveries.c.post_id == waiting)) == house.bob
    assert house.go_on(0) == 0
    days = 0
    while house.pace() is Pace.DAILY and days < 60:
        house.post()
        house.clock.now += timedelta(days=1)
        house.paper.round()
        house.arrive()
        house.look.run(house.clock())
        days += 1
    assert days == DAYS and house.pace() is Pace.WEEKLY
    house.post(MAILS * 3)
    assert house.go_on(21) == 0 and house.go_on(28) == 0
    assert house.steps == [Pace.DAILY, Pace.WEEKLY]


@pytest.mark.parametrize(("word", "pace"), [("TOUT", Pace.EACH), ("All", Pace.EACH), ("semaine", Pace.WEEKLY)])
def test_one_word_of_answer_undoes_it(house: House, word: str, pace: Pace) -> None:
    house.clock.advance(minutes=1)
    house.post(MAILS)
    house.go_on(14)
    house.answer("bob", house.told_to(house.bob)[0], house.bob, word)
    assert house.pace() is pace
    # And an answer is a sign: nobody is asked again soon.
    house.post(MAILS)
    assert house.go_on(13) == 0


def test_it_is_about_their_own_choice_too_and_about_all_of_it(house: House) -> None:
    other, off = house.network.community("achats"), house.network.community("quiet", pace=Pace.OFF)
    house.network.join(other, house.bob, pace=Pace.EACH)
    house.network.join(off, house.bob)
    house.clock.advance(minutes=1)
    house.post(MAILS)
    assert house.go_on(14) == 1
    with house.database.reading() as tx:
        mine = select(memberships.c.community_id, memberships.c.pace).where(memberships.c.person_id == house.bob)
        found: Sequence[tuple[int, str | None]] = [(row[0], row[1]) for row in tx.execute(mine)]
    assert dict(found) == {house.place: "daily", other: "daily", off: None}


def test_a_sign_is_a_mail_of_theirs(house: House) -> None:
    house.clock.advance(minutes=1)
    house.post(MAILS)
    house.clock.advance(days=7)
    house.write("bob", "projets", "I read you.", subject="Hello")
    assert house.go_on(7) == 0 and house.pace() is None
    # What a machine sends for them is none, and neither is what may be somebody else's.
    house.write("bob", "projets", "I am away.", subject="Away", proven=False)
    house.post(MAILS)
    assert house.go_on(7) == 1


@pytest.mark.parametrize("state", ["few", "paused", "another hour", "weekend", "quiet", "not allowed"])
def test_who_is_left_alone(house: House, state: str) -> None:
    house.clock.advance(minutes=1)
    house.post(MAILS - 1 if state == "few" else MAILS)
    with house.database.transaction() as tx:
        if state == "paused":
            paces.pause(tx, house.bob, None, house.clock())
        if state == "quiet":
            tx.execute(people.update().values(quiet_hours="09:00-12:00"))
        if state == "not allowed":
            now = communities.get_all(tx, [house.place])[house.place]
            communities.change(tx, replace(now, allowed_paces=(Pace.EACH,)))
    if state == "another hour":
        house.clock.advance(hours=1)
    assert house.go_on(15 if state == "weekend" else 14) == 0
    assert house.pace() is None and house.told_to(house.bob) == []


def test_two_nodes_take_one_step(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    house.clock.advance(minutes=1)
    house.post(MAILS)
    house.clock.advance(days=14)
    real = StepDown._take

    def take_after_the_other(look: StepDown, one: Silent, now: datetime) -> bool:
        return (real(look, one, now), real(look, one, now))[1]

    monkeypatch.setattr(StepDown, "_take", take_after_the_other)
    assert house.look.run(house.clock()) == 0
    assert house.pace() is Pace.DAILY and len(house.told_to(house.bob)) == 1


def test_a_sign_is_noted_once_a_day(house: House) -> None:
    house.write("bob", "projets", "One.", subject="One")
    house.clock.advance(hours=2)
    house.write("bob", "projets", "Two.", subject="Two")
    with house.database.reading() as tx:
        assert tx.scalar(select(people.c.heard_at).where(people.c.id == house.bob)) == START
