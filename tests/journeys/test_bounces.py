"""Five days on which an address fails, the silence after them, and the two ways back; nothing is told twice or lost."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from gateway.core.community import Pace
from gateway.core.digest import Cadence
from gateway.core.question import Asks
from store.database import Database
from store.schema import deliveries
from tests.inbound.reports import House
from tests.network import SetClock


@pytest.fixture
def house(database: Database, clock: SetClock, tmp_path: Path) -> House:
    return House(database, clock, tmp_path / "blobs")


def told(house: House) -> Counter[int]:
    """How often each post was sent to Bob, singly or in a digest."""
    with house.database.reading() as tx:
        query = select(deliveries.c.post_id).where(deliveries.c.person_id == house.bob)
        singly = Counter(post for post in tx.scalars(query) if post is not None)
    for first, last in house.paper.posts_told(house.bob):
        singly.update(range(first, last + 1))
    return singly


def look(house: House) -> None:
    # What is not dealt out yet is no part of a catch-up.
    house.network.fan_out()
    house.reach.run(house.clock())
    house.paper.round()


def lose(house: House) -> list[int]:
    """Bob's address fails on five days; what was posted to each, and then while nobody reaches him."""
    house.fail(5)
    look(house)
    assert not house.is_reached()
    missed = []
    for _ in range(6):
        house.clock.advance(days=1)
        missed.append(house.post())
        look(house)
        assert house.send() == []
    return missed


def test_a_probe_that_stays_away_brings_everything_back_in_one_mail(house: House) -> None:
    missed = lose(house)
    before = told(house)
    house.clock.advance(days=1)
    look(house)
    # The probe alone leaves.
    [probe] = house.send()
    assert probe and told(house) == before
    house.clock.advance(days=3)
    look(house)
    assert house.is_reached()
    look(house)
    [caught_up] = house.paper.of(house.bob)
    assert caught_up.cadence is Cadence.CATCH_UP
    house.send()
    assert told(house) == before + Counter(missed)
    new = house.send_one()
    assert new and max(told(house).values()) == 1


@pytest.mark.parametrize("word", ["RESUME", "Reprendre\n"])
def test_whoever_writes_is_told_once_and_comes_back_by_one_word(house: House, word: str) -> None:
    missed = lose(house)
    before = told(house)
    assert house.told_to(house.bob) == []
    house.write("bob", "projets", "It may not be me.", subject="A", proven=False)
    asked = [one for one in house.told_to(house.bob) if one.question and one.question.asks is Asks.REACHED]
    assert asked == []
    house.write("bob", "projets", "Is anybody there?", subject="B")
    house.write("bob", "projets", "Hello?", subject="C")
    [asked] = [one for one in house.told_to(house.bob) if one.question and one.question.asks is Asks.REACHED]
    house.answer("bob", asked, house.bob, word)
    assert house.is_reached() and house.counted() == []
    look(house)
    house.send()
    own = {post for post in told(house) if post not in before and post not in missed}
    assert own <= set(range(missed[-1] + 1, missed[-1] + 3))
    assert {post: told(house)[post] for post in missed} == dict.fromkeys(missed, 1)
    assert len(house.paper.of(house.bob)) == 1
    # The word is no failure's pardon for ever: the address is judged anew.
    house.fail(5)
    look(house)
    assert not house.is_reached()


def test_where_whoever_from_names_is_believed_they_are_told_too(house: House) -> None:
    lose(house)
    house.rules = replace(house.rules, require="none")
    house.write("bob", "projets", "Is anybody there?", subject="B", proven=False)
    [asked] = house.told_to(house.bob)
    assert asked.question is not None and asked.question.asks is Asks.REACHED


def test_the_word_may_be_sent_to_the_command_address_too(house: House) -> None:
    lose(house)
    house.write("bob", "relais", "REPRENDRE")
    assert house.is_reached()


def test_a_probe_can_be_answered_at_once(house: House) -> None:
    missed = lose(house)
    house.clock.advance(days=1)
    look(house)
    house.send()
    [probe] = house.told_to(house.bob)
    # Whoever reads that mailbox has shown that it works: no other proof is wanted of them.
    house.answer("bob", probe, house.bob, "RESUME", proven=False)
    assert house.is_reached()
    look(house)
    assert {post: told(house)[post] for post in missed} == dict.fromkeys(missed, 1)


def test_a_digest_waits_and_comes_as_one(house: House) -> None:
    other = house.network.community("achats", pace=Pace.DAILY)
    house.network.join(other, house.bob)
    house.paper.round()
    house.fail(5)
    look(house)
    missed = [house.network.write(house.ann, other)[0] for _ in range(2)]
    for _ in range(6):
        house.clock.advance(days=1)
        look(house)
    assert house.paper.of(house.bob) == []
    house.write("bob", "relais", "RESUME")
    house.clock.now += timedelta(days=3)
    look(house)
    [digest] = house.paper.of(house.bob)
    assert digest.cadence is Cadence.DAILY and {item.last for item in digest.items} == set(missed)
