"""Questions to the DNS have bounds; who gives no answer is left alone a while. Asked of a real server on loopback."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest

from inbound import resolver
from inbound.resolver import MOST, NotAnsweredError, Questions, Resolver, zone_of
from tests.inbound.name_server import NameServer
from tests.inbound.published import Zones


@pytest.fixture
def zones() -> Zones:
    return Zones()


@pytest.fixture
def asked(zones: Zones) -> Iterator[Resolver]:
    server = NameServer(zones)
    yield Resolver((server.address,))
    server.stop()


def test_it_reads_what_is_there(asked: Resolver, zones: Zones) -> None:
    zones.found["people.example", "A"] = ("192.0.2.1", "192.0.2.2")
    zones.found["people.example", "AAAA"] = ("2001:db8::1",)
    zones.found["people.example", "MX"] = ((10, "mx.people.example"),)
    zones.found["1.2.0.192.in-addr.arpa", "PTR"] = ("mx.people.example.",)
    zones.text("people.example", "v=spf1 -all", "x" * 600)
    assert set(asked.ask("people.example", "A", 1)) == {"192.0.2.1", "192.0.2.2"}
    assert asked.ask("people.example", "AAAA", 1) == ("2001:db8::1",)
    assert asked.ask("people.example", "MX", 1) == ((10, "mx.people.example"),)
    assert asked.ask("1.2.0.192.in-addr.arpa", "PTR", 1) == ("mx.people.example",)
    assert set(Questions(asked.ask).texts("people.example")) == {b"v=spf1 -all", b"x" * 600}
    assert asked.ask("nobody.example", "TXT", 1) == ()
    assert asked.ask("1.2.0.192.in-addr.arpa", "TXT", 1) == ()
    count = len(zones.asked)
    assert asked.ask("people.example", "MX", 1)
    assert len(zones.asked) == count, "an answer is remembered"


@pytest.mark.parametrize("name", ["", ".", "a..b", "x" * 64 + ".example", "é.example\0", "\\999.example"])
def test_a_name_that_is_none_has_no_records(asked: Resolver, name: str) -> None:
    assert asked.ask(name, "TXT", 1) == ()


def test_who_gives_no_answer_is_left_alone(asked: Resolver, zones: Zones, monkeypatch: pytest.MonkeyPatch) -> None:
    zones.silent.add("slow.example")
    zones.text("people.example", "here")
    with pytest.raises(NotAnsweredError):
        asked.ask("a.slow.example", "TXT", 0.3)
    before, count = time.monotonic(), len(zones.asked)
    for number in range(50):
        with pytest.raises(NotAnsweredError):
            asked.ask(f"n{number}.slow.example", "TXT", 0.3)
    assert time.monotonic() - before < 0.3
    assert len(zones.asked) == count
    assert asked.ask("people.example", "TXT", 1) == ((b"here",),)
    zones.silent.clear()
    later = time.monotonic() + 61
    monkeypatch.setattr(resolver.time, "monotonic", lambda: later)
    assert asked.ask("a.slow.example", "TXT", 1) == ()


def test_a_host_without_name_servers_asks_in_vain(monkeypatch: pytest.MonkeyPatch) -> None:
    nobody = Resolver(("127.0.0.1:9",))
    with pytest.raises(NotAnsweredError):
        nobody.ask("people.example", "TXT", 0.3)


def test_one_mail_has_so_many_questions() -> None:
    zones = Zones()
    questions = Questions(zones.ask)
    for number in range(MOST):
        assert questions.records(f"n{number}.example", "A") == ()
    assert questions.records("N1.example.", "A") == ()
    assert not questions.unanswered
    with pytest.raises(NotAnsweredError):
        questions.records("more.example", "A")
    assert questions.unanswered
    assert len(zones.asked) == MOST


def test_one_mail_has_so_much_time(monkeypatch: pytest.MonkeyPatch) -> None:
    zones = Zones()
    questions = Questions(zones.ask)
    assert questions.records("early.example", "A") == ()
    late = time.monotonic() + resolver.MAIL_S
    monkeypatch.setattr(resolver.time, "monotonic", lambda: late)
    with pytest.raises(NotAnsweredError):
        questions.records("late.example", "A")
    assert questions.records("early.example", "A") == ()


@pytest.mark.parametrize(
    ("name", "zone"),
    [
        ("k._domainkey.people.example", "people.example"),
        ("a.b.corp.co.uk.", "corp.co.uk"),
        ("people.example", "people.example"),
        ("example", "example"),
    ],
)
def test_zones_are_about_one_owners(name: str, zone: str) -> None:
    assert zone_of(name) == zone
