"""Machines that answer machines, and people who answer all: what leaves is bounded, and it ends.

The counterparts are simulated. They read what was composed for them and answer it without any of the fields by which a
machine says that it is one; the clock is set, and what the scheduler does every minute is done here every minute.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from email.message import EmailMessage
from itertools import count
from pathlib import Path

import pytest

from digests import floods, storms, waiting
from digests.waiting import Origin
from gateway.core.community import Pace, Role
from store.database import Database
from store.schema import deliveries
from store.storms import Bounds
from tests.inbound.post_office import PROVEN, RULES
from tests.journeys.correspondence import Correspondence
from tests.network import DOMAIN, KEYS, START, SetClock

ORIGIN = Origin(DOMAIN, KEYS.current)
BOUNDS = Bounds(10, timedelta(minutes=5))
_numbers = count(1)


class Weather(Correspondence):
    """A gateway with its bounds on, whose minutes go by, and who of its readers got how many mails."""

    def __init__(self, database: Database, clock: SetClock, blobs: Path) -> None:
        super().__init__(database, clock, blobs)
        self.rules = replace(RULES, topic_per_minute=20)
        self.got: Counter[str] = Counter()
        self.kinds: Counter[tuple[str, str]] = Counter()
        self.place = self.network.community("projets")
        self.network.join(self.place, self.network.person("boss"), role=Role.MANAGER)

    def members(self, *names: str) -> None:
        """People who get each post."""
        self.network.join(self.place, *self.network.persons(*names))
        self.paper.round()

    def write(self, author: str, to: str, *, answering: str = "", text: str = "Noted.", headers: str = "") -> None:
        """One mail of this person, accepted."""
        number = next(_numbers)
        above = f"In-Reply-To: {answering}\r\n" if answering else ""
        raw = (
            f"{PROVEN}From: {author}@people.example\r\nTo: {to}\r\nSubject: A visit\r\n"
            f"Message-ID: <s{number}@people.example>\r\n{above}{headers}MIME-Version: 1.0\r\n"
            f"Content-Type: text/plain; charset=utf-8\r\n\r\n{text} ({number})\r\n"
        )
        self.accept(raw.encode(), to.partition("@")[0], reverse_path=f"{author}@people.example")

    def minute(self, seconds: float = 60) -> dict[str, list[EmailMessage]]:
        """All that a minute of the gateway does, or so many seconds; returns what left, by who gets it."""
        self.clock.advance(seconds=seconds)
        self.work()
        self.network.fan_out(0, BOUNDS)
        with self.database.transaction() as tx:
            storms.tell(tx, ORIGIN, self.clock())
            waiting.tell(tx, ORIGIN, self.clock())
            floods.calm(tx, self.clock())
        self.paper.round()
        left = {address.partition("@")[0]: mails for address, mails in self.mails().items()}
        with self.database.transaction() as tx:
            in_hand = deliveries.c.attempts > 0, deliveries.c.finished_at.is_(None)
            tx.execute(deliveries.update().where(*in_hand).values(state="delivered", finished_at=self.clock()))
        for who, mails in left.items():
            self.got[who] += len(mails)
            self.kinds.update((who, str(mail["X-Relais-Kind"])) for mail in mails)
        return left

    def answer_all(self, left: dict[str, list[EmailMessage]], machines: set[str]) -> None:
        """These answer each of their mails at once, to Reply-To, as no machine may."""
        for who in machines & left.keys():
            for mail in left[who]:
                self.write(who, str(mail["Reply-To"]), answering=str(mail["Message-ID"]), text="I am away.")


@pytest.fixture
def weather(database: Database, clock: SetClock, tmp_path: Path) -> Weather:
    return Weather(database, clock, tmp_path / "blobs")


def test_fifty_programs_that_answer_every_mail(weather: Weather) -> None:
    machines = {f"m{n:02}" for n in range(50)}
    weather.members("ann", *sorted(machines))
    weather.write("ann", f"projets@{DOMAIN}", text="Who comes along?")
    for _ in range(10):
        weather.answer_all(weather.minute(), machines)
    # The post to each, and one word that the answer of thirty of them waits.
    assert all(weather.got[who] <= 2 for who in machines), weather.got
    assert weather.got["ann"] == 0
    assert sum(weather.got.values()) <= 52 * 51 / 2
    assert weather.kinds["boss", "post"] == 1
    for _ in range(60):
        left = weather.minute()
        weather.answer_all(left, machines)
    # Whatever they answer, it is a mail in half an hour to each: what came meanwhile, and a notice of it.
    assert max(weather.got[who] for who in machines) <= 2 + 2 * 2


def test_two_gateways_that_answer_each_other(weather: Weather) -> None:
    weather.members("ann", "bob")
    weather.write("ann", f"projets@{DOMAIN}", text="Who comes along?")
    for _ in range(30):
        weather.answer_all(weather.minute(2), {"ann", "bob"})
    # The mail and ten answers, and then each waits for the other.
    assert weather.got["ann"] + weather.got["bob"] == 11
    assert weather.kinds["boss", "notice"] == 1
    for _ in range(29):
        weather.answer_all(weather.minute(), {"ann", "bob"})
    assert weather.got["ann"] + weather.got["bob"] == 11
    # One catch-up to each, and what answers that begin again come to: the same every half hour, and no more.
    weather.answer_all(weather.minute(), {"ann", "bob"})
    for _ in range(30):
        weather.answer_all(weather.minute(2), {"ann", "bob"})
    assert weather.got["ann"] + weather.got["bob"] <= 11 + 2 + 12


LISTS: tuple[Callable[[EmailMessage], str], ...] = (
    lambda mail: f"Message-ID: {mail['Message-ID']}\r\n",
    lambda mail: f"Message-ID: <new@lists.example>\r\nList-Id: {mail['List-Id']}\r\n",
    lambda mail: f"Message-ID: <new@lists.example>\r\nList-Id: <other.lists.example>\r\nX-Loop: {mail['X-Loop']}\r\n",
    lambda mail: f"Message-ID: <new@lists.example>\r\nAuto-Submitted: {mail['Auto-Submitted']}\r\n",
)


@pytest.mark.parametrize("keeps", LISTS, ids=["message-id", "list-id", "x-loop", "auto-submitted"])
def test_a_list_that_is_a_member_and_has_us_as_a_member(weather: Weather, keeps: Callable[[EmailMessage], str]) -> None:
    weather.members("ann", "list")
    weather.write("ann", f"projets@{DOMAIN}", text="Who comes along?")
    [post] = weather.minute()["list"]
    raw = f"{PROVEN}From: list@people.example\r\nTo: projets@{DOMAIN}\r\nSubject: A visit\r\n{keeps(post)}\r\nWho?\r\n"
    weather.accept(raw.encode(), "projets", reverse_path="list-bounces@people.example")
    assert weather.minute() == {}
    assert weather.results()[-1].verdict == "discard"
    assert len(weather.posted()) == 1


def test_a_ring_of_three_lists_stops_within_two_turns(weather: Weather) -> None:
    """Each passes on to the next under its own names, as lists do; what is its own it keeps."""
    weather.members("ann", "second")
    weather.write("ann", f"projets@{DOMAIN}", text="Who comes along?")
    turns = 0
    left = weather.minute()
    while mails := left.get("second", []):
        turns += 1
        for mail in mails:
            # The third list writes all names anew, and leaves what it does not know.
            kept = "".join(
                f"{name}: {mail[name]}\r\n" for name in ("X-Loop", "X-Relais-Kind", "References") if mail[name]
            )
            raw = (
                f"{PROVEN}From: second@people.example\r\nTo: projets@{DOMAIN}\r\nSubject: [third] A visit\r\n"
                f"Message-ID: <r{turns}@third.example>\r\nList-Id: <third.third.example>\r\n{kept}\r\nWho comes?\r\n"
            )
            weather.accept(raw.encode(), "projets", reverse_path="third-bounces@third.example")
        left = weather.minute()
    assert turns <= 2
    assert len(weather.posted()) == 1


def test_a_mail_to_many_communities_is_one_mail_to_each(weather: Weather) -> None:
    weather.members("ann", "bob", "cem")
    for name in ("achats", "ventes", "ateliers"):
        community = weather.network.community(name)
        weather.network.join(community, 2, 3, 4)
    paths = ("projets", "achats", "ventes", "ateliers")
    raw = (
        f"{PROVEN}From: ann@people.example\r\nTo: {', '.join(f'{path}@{DOMAIN}' for path in paths)}\r\n"
        f"Subject: All of you\r\nMessage-ID: <all@people.example>\r\n\r\nThe canteen is closed.\r\n"
    )
    weather.accept(raw.encode(), *paths)
    weather.minute()
    assert len(weather.posted()) == 4
    assert weather.got == {"bob": 1, "cem": 1, "boss": 1}


def test_three_hundred_reply_to_all(weather: Weather) -> None:
    """A hundred members here, thirty answers a minute for ten minutes by people who were annoyed."""
    readers, annoyed = [f"r{n:03}" for n in range(70)], [f"a{n:02}" for n in range(30)]
    weather.members("ann", *readers, *annoyed)
    weather.write("ann", f"projets@{DOMAIN}", text="Please remove me from this list.")
    [post] = weather.minute()["r000"]
    answered = str(post["Message-ID"])
    for _ in range(10):
        for who in annoyed:
            weather.write(who, f"projets@{DOMAIN}", answering=answered, text="Me too. Stop answering to all!")
        weather.minute()
    for _ in range(80):
        weather.minute()
    assert len(weather.posted()) == 301, "nothing that anybody wrote is lost"
    assert max(weather.got[who] for who in readers) <= 3
    # Who answered was told, once an hour, that it waits.
    assert max(weather.got[who] for who in annoyed) <= 3 + 1
    # The post of Ann, what came of it, and one notice each of the storm and of the flood (there were two of these).
    assert weather.kinds["boss", "notice"] <= 3


def test_after_five_days_without_a_relay_everybody_gets_one_digest(weather: Weather) -> None:
    """Nothing was claimed meanwhile; scheduler and sender come back at the same minute."""
    daily = weather.network.persons(*(f"d{n:02}" for n in range(40)))
    weather.network.join(weather.place, *daily, pace=Pace.DAILY)
    weather.paper.round()
    for _ in range(5):
        weather.network.write(1, weather.place)
        weather.clock.advance(days=1)
    weather.network.fan_out(0, BOUNDS)
    weather.paper.round()
    weather.clock.advance(minutes=1)
    weather.paper.round()
    got = Counter({who.partition("@")[0]: len(mails) for who, mails in weather.mails().items()})
    assert got == {f"d{n:02}": 1 for n in range(40)}
    assert weather.clock() > START + timedelta(days=5)
