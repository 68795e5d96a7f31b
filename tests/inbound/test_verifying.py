"""Verified authors on the whole way: posted, held, or looked for again; and recorded with the arrival."""

from __future__ import annotations

from dataclasses import replace

import pytest
from sqlalchemy import select

from gateway.core.message import Hints
from inbound.authenticity import NOT_ANSWERED, Border
from inbound.reader import Reader
from inbound.verification import Verifying
from inbound.worker import Worker
from store import arrivals
from store.arrivals import RECHECK_EVERY, RECHECK_FOR
from store.schema import arrivals as rows
from store.wakeups import Wakeups
from tests.inbound.name_server import NameServer
from tests.inbound.post_office import PostOffice, mail
from tests.inbound.published import Zones, signed
from tests.inbound.test_worker import setup_of

HEAD = "To: projets@relais.example\r\n"


@pytest.fixture
def zones(office: PostOffice) -> Zones:
    """The DNS of an office that is its own border; ann is a member of projets."""
    made = Zones()
    office.setup = replace(office.setup, border=Border(None, ("dmarc", "dkim"), verifying=Verifying()))
    office.ask = made.ask
    office.network.join(office.network.community("projets"), office.network.person("ann"))
    return made


def post(office: PostOffice, raw: bytes) -> tuple[str | None, str | None]:
    result = office.post(raw, "projets", trusted=False)
    return result.verdict, result.reason


def proofs(office: PostOffice) -> list[str]:
    with office.database.reading() as tx:
        return list(tx.scalars(select(rows.c.proof).order_by(rows.c.id)))


def recheck(office: PostOffice) -> int:
    with office.database.transaction() as tx:
        found = arrivals.recheck(tx, NOT_ANSWERED, office.clock())
    office.work()
    return found


def test_what_was_found_decides_and_is_kept(office: PostOffice, zones: Zones) -> None:
    zones.company()
    assert post(office, signed(mail(proven=False, headers=HEAD))) == ("publish", "member_post")
    assert post(office, mail(proven=True, headers=HEAD, message_id="<m2@x.example>")) == ("hold", "sender_not_proven")
    assert proofs(office) == [
        "dmarc dmarc=pass dkim=people.example spf=fail",
        "no_pass dmarc=fail dkim=none spf=fail",
    ]


def test_what_could_not_be_asked_is_looked_for_again(office: PostOffice, zones: Zones) -> None:
    zones.company().silent.add("people.example")
    assert post(office, signed(mail(proven=False, headers=HEAD))) == ("hold", "sender_not_checked")
    assert office.told() == [], "nobody is asked while it may still be found out"
    assert recheck(office) == 0, "not at once"
    office.clock.advance(seconds=RECHECK_EVERY.total_seconds())
    assert recheck(office) == 1
    assert office.words() == [("hold", "sender_not_checked")]
    zones.silent.clear()
    office.clock.advance(seconds=RECHECK_EVERY.total_seconds())
    assert recheck(office) == 1
    assert office.words() == [("publish", "member_post")]
    office.clock.advance(seconds=RECHECK_EVERY.total_seconds())
    assert recheck(office) == 0


def test_after_four_hours_its_author_is_asked(office: PostOffice, zones: Zones) -> None:
    zones.company().silent.add("people.example")
    post(office, signed(mail(proven=False, headers=HEAD)))
    tries = 0
    while not office.told():
        office.clock.advance(seconds=RECHECK_EVERY.total_seconds())
        assert recheck(office) == 1
        tries += 1
    assert tries * RECHECK_EVERY < RECHECK_FOR
    office.clock.advance(seconds=RECHECK_EVERY.total_seconds())
    assert recheck(office) == 0
    assert [kind for _, kind, _ in office.told()] == ["question"]


def test_what_a_border_could_not_check_is_left_to_people(office: PostOffice) -> None:
    office.network.join(office.network.community("projets"), office.network.person("ann"))
    raw = b"Authentication-Results: mx.people.example; dmarc=temperror\r\n" + mail(proven=False, headers=HEAD)
    assert office.post(raw, "projets").reason == "sender_not_checked"
    assert [kind for _, kind, _ in office.told()] == ["question"]
    office.clock.advance(seconds=RECHECK_EVERY.total_seconds())
    assert recheck(office) == 0


def test_a_reader_process_asks_the_name_servers_that_it_is_given(office: PostOffice, zones: Zones) -> None:
    server = NameServer(zones.company())
    verifying = Verifying(nameservers=(server.address,))
    reader = Reader(replace(office.setup, border=replace(office.setup.border, verifying=verifying)))
    try:
        office.accept(signed(mail(proven=False, headers=HEAD)), "projets", trusted=False)
        [claimed] = office.claim()
        [answer] = reader.read([(claimed, Hints())])
    finally:
        reader.close()
        server.stop()
    assert not hasattr(answer, "trouble"), answer
    assert answer.proof.proven and answer.proof.how == "dmarc"


def test_the_worker_looks_once_a_minute(office: PostOffice, zones: Zones, monkeypatch: pytest.MonkeyPatch) -> None:
    zones.company().silent.add("people.example")
    post(office, signed(mail(proven=False, headers=HEAD)))
    zones.silent.clear()
    monkeypatch.setattr(Reader, "read", lambda _, asked: [office.read(one) for one, _ in asked])
    worker = Worker(setup_of(office, 1), office.database, Wakeups(office.database), office.clock)
    assert worker.run_once() == 0
    office.clock.advance(minutes=10)
    assert worker.run_once() == 1
    assert office.words() == [("publish", "member_post")]
    worker.stop()
