"""What an address of ours points at, and which addresses are refused at RCPT."""

from __future__ import annotations

from dataclasses import replace

import pytest

from gateway.core import address
from gateway.core.digest import Cadence
from gateway.core.token import Purpose
from inbound.route import (
    NO_RELAY,
    OURS,
    UNKNOWN,
    Destination,
    House,
    Recipients,
    ToBounce,
    ToCommunity,
    ToDigest,
    ToLeave,
    ToManagers,
    ToNobody,
    ToParent,
    ToPost,
    ToQuestion,
    ToQuiet,
    digest_answered,
    route,
)
from store.database import Database
from tests.network import DOMAIN, KEYS, START, Network

HOUSE = House(DOMAIN, "+", KEYS)


def token(purpose: Purpose, *ids: int) -> str:
    return KEYS.sign(purpose, ids, issued=START)


REPLY, BOUNCE, LEAVE = token(Purpose.REPLY, 9, 1), token(Purpose.BOUNCE, 77), token(Purpose.LEAVE, 3, 1)

ROUTES: dict[str, Destination] = {
    "projets": ToCommunity("projets"),
    "PROJETS": ToCommunity("projets"),
    "reply": ToParent(),
    "Digest": ToParent(),
    "postmaster": ToManagers(None),
    "abuse": ToManagers(None),
    "aide": ToManagers(None, takes_commands=True),
    "help": ToManagers(None, takes_commands=True),
    "relais": ToManagers(None, takes_commands=True),
    "projets+owner": ToManagers("projets"),
    "Projets+Responsables": ToManagers("projets"),
    f"reply+{REPLY}": ToPost(9, 1),
    f"REPLY+{REPLY.upper()}": ToPost(9, 1),
    f"bounce+{BOUNCE}": ToBounce(77),
    f"leave+{LEAVE}": ToLeave(3, 1),
    f"digest+{token(Purpose.DIGEST, 5, 1)}": ToDigest(5, 1),
    f"answer+{token(Purpose.ANSWER, 6, 1)}": ToQuestion(6, 1),
    f"leave+{token(Purpose.QUIET, 1, 4)}": ToQuiet(Cadence.WEEKLY, 4),
    f"leave+{token(Purpose.QUIET, 9, 4)}": ToNobody(),
    # A token serves one end.
    f"reply+{LEAVE}": ToNobody(),
    f"leave+{REPLY}": ToNobody(),
    f"bounce+{REPLY}": ToNobody(),
    f"projets+{REPLY}": ToNobody(),
    f"reply+{REPLY[:-1]}": ToNobody(),
    "reply+": ToNobody(),
    "bounce": ToManagers(None),
    "leave": ToNobody(),
    "answer": ToNobody(),
    "author+x": ToNobody(),
    "postmaster+owner": ToNobody(),
    "projets+x": ToNobody(),
}


@pytest.mark.parametrize(("local", "destination"), ROUTES.items(), ids=[name[:24] for name in ROUTES])
def test_where_it_goes(local: str, destination: Destination) -> None:
    assert route(f"{local}@{DOMAIN}", HOUSE) == destination


@pytest.mark.parametrize("place", range(len(REPLY)))
def test_a_token_with_one_letter_changed_is_none(place: int) -> None:
    other = "b" if REPLY[place] != "b" else "c"
    assert route(f"reply+{REPLY[:place]}{other}{REPLY[place + 1 :]}@{DOMAIN}", HOUSE) == ToNobody()


@pytest.mark.parametrize(
    "path",
    ["projets@else.example", f"projets@x.{DOMAIN}", f"projets@{DOMAIN}.evil.example", "projets", "", '"a b"@x.y'],
)
def test_nobody_else_is_ours(path: str) -> None:
    assert route(path, HOUSE) == ToNobody()


def test_the_separator_is_a_setting() -> None:
    house = House(DOMAIN, "-", KEYS)
    assert route(f"reply-{REPLY}@{DOMAIN}", house) == ToPost(9, 1)
    assert route(f"reply+{REPLY}@{DOMAIN}", house) == ToCommunity(f"reply+{REPLY}")


def test_a_whole_local_part_fits_sixty_four_octets() -> None:
    widest = token(Purpose.REPLY, 2**40, 2**40)
    assert len(f"reply+{widest}") <= 64
    assert route(f"reply+{widest}@{DOMAIN}", HOUSE) == ToPost(2**40, 2**40)


class Elapsed:
    now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def elapsed() -> Elapsed:
    return Elapsed()


@pytest.fixture
def recipients(database: Database, elapsed: Elapsed) -> Recipients:
    return Recipients(HOUSE, database, fresh_s=30, elapsed=elapsed)


def path(local: str, domain: str = DOMAIN) -> address.Address:
    return address.parse(f"{local}@{domain}")


def test_a_community_is_asked_once_and_remembered(recipients: Recipients, network: Network, elapsed: Elapsed) -> None:
    network.community("projets")
    for local in ("projets", "projets+owner"):
        assert recipients.quick(path(local)) in (None, OURS)
        assert recipients.ask(path(local)) == OURS
        assert recipients.quick(path(local)) == OURS
    elapsed.now += 31
    assert recipients.quick(path("projets")) is None


def test_an_unknown_one_is_never_refused_from_memory(recipients: Recipients, network: Network) -> None:
    assert recipients.ask(path("projets")) == UNKNOWN
    assert recipients.quick(path("projets")) is None
    network.community("projets")
    assert recipients.ask(path("projets")) == OURS


def test_what_needs_no_store(recipients: Recipients) -> None:
    for local in ("postmaster", "reply", f"reply+{REPLY}", f"bounce+{BOUNCE}", f"leave+{LEAVE}"):
        assert recipients.quick(path(local)) == OURS
        assert recipients.ask(path(local)) == OURS
    for local in (f"reply+{REPLY[:-2]}aa", "bounce+x", "projets+x"):
        assert recipients.quick(path(local)) == UNKNOWN
        assert recipients.ask(path(local)) == UNKNOWN
    assert recipients.quick(path("projets", "else.example")) == NO_RELAY
    assert {str(reply)[:9] for reply in (OURS, UNKNOWN, NO_RELAY)} == {"250 2.1.5", "550 5.1.1", "550 5.7.1"}


def test_a_digest_is_known_by_its_message_id() -> None:
    assert digest_answered(["<x@y.example>", f"<digest.12@{DOMAIN.upper()}>"], HOUSE) == 12
    for other in (
        f"<digest.0@{DOMAIN}>",
        "<digest.12@elsewhere.example>",
        f"<digest.x@{DOMAIN}>",
        f"<digest.{'9' * 30}@x>",
    ):
        assert digest_answered([other], HOUSE) is None


def test_who_writes_to_a_mailbox_of_ours_writes_to_us() -> None:
    house = replace(HOUSE, mailboxes=frozenset(("relais@example.com",)))
    for named in (f"projets@{DOMAIN}", "relais@example.com", "relais+projets@example.com"):
        assert house.is_named_by(named)
    for other in ("projets@example.com", "relaisx@example.com", "relais@other.example", "relais"):
        assert not house.is_named_by(other)
    assert not HOUSE.is_named_by("relais@example.com")
