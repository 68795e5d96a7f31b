"""What the clock does about people who want in: it ends, reminds and forgets."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, select

from digests import joining
from digests.housekeeping import Retention, tidy
from digests.waiting import Origin
from gateway.core import address
from gateway.core.community import JoinPolicy, PersonState, Role
from gateway.core.joining import RequestKind, RequestState
from gateway.core.notice import NoticeKind, NoticeMail, Result
from store import notices, people, requests
from store.blobs import DiskBlobs
from store.database import Database
from store.people import NewPerson
from store.requests import NewRequest
from store.schema import notices as notice_rows
from store.schema import people as person_rows
from tests.network import DOMAIN, KEYS, Network, SetClock

ORIGIN = Origin(DOMAIN, KEYS.current)


@pytest.fixture
def network(database: Database, clock: SetClock) -> Network:
    return Network(database, clock)


def told_to(database: Database, person_id: int) -> list[NoticeMail]:
    with database.reading() as tx:
        ids = list(tx.scalars(select(notice_rows.c.id).where(notice_rows.c.person_id == person_id)))
        found = notices.get_all(tx, ids, limit_bytes=5000)
    return [found[i] for i in sorted(found)]


def tick(database: Database, clock: SetClock) -> None:
    """Two of them: whatever is done is done once."""
    for _ in range(2):
        with database.transaction() as tx:
            joining.remind(tx, ORIGIN, clock())
            joining.end(tx, ORIGIN, clock())


def begin(database: Database, clock: SetClock, place: int, person: int, kind: RequestKind) -> int:
    with database.transaction() as tx:
        return requests.begin(tx, NewRequest(place, person, kind), clock())[0].id


def test_managers_are_reminded_once_and_the_end_is_told(network: Network, database: Database, clock: SetClock) -> None:
    place = network.community("atelier", join=JoinPolicy.REQUEST)
    ann, bob = network.persons("ann", "bob")
    network.join(place, ann, role=Role.MANAGER)
    request = begin(database, clock, place, bob, RequestKind.REQUEST)
    tick(database, clock)
    assert told_to(database, ann) == []
    clock.now += joining.REMIND_AFTER
    tick(database, clock)
    [again] = told_to(database, ann)
    assert again.kind is NoticeKind.QUESTION and again.question and again.question.again
    assert again.question.request_id == request and again.circumstances and again.circumstances.who == "Bob"
    clock.now += timedelta(days=4)
    tick(database, clock)
    assert len(told_to(database, ann)) == 1
    [over] = told_to(database, bob)
    assert over.obeyed and over.obeyed.result is Result.EXPIRED
    with database.transaction() as tx:
        found = requests.lock(tx, request)
    assert found and found.state is RequestState.EXPIRED


@pytest.mark.parametrize("kind", [RequestKind.CONFIRM, RequestKind.INVITATION])
def test_what_a_person_did_not_answer_ends_in_silence(
    network: Network, database: Database, clock: SetClock, kind: RequestKind
) -> None:
    place, bob = network.community("projets"), network.person("bob")
    request = begin(database, clock, place, bob, kind)
    clock.now += timedelta(days=7)
    tick(database, clock)
    assert told_to(database, bob) == []
    with database.transaction() as tx:
        found = requests.lock(tx, request)
        assert found and found.state is RequestState.EXPIRED
        # The next wish is another one.
        assert requests.begin(tx, NewRequest(place, bob, kind), clock())[1]


def test_whoever_never_answered_is_forgotten(
    network: Network, database: Database, clock: SetClock, tmp_path: Path
) -> None:
    place, ann = network.community("projets"), network.person("ann")
    new = NewPerson(address.parse("zoe@people.example"), "", "fr", "Europe/Paris", state=PersonState.PENDING)
    with database.transaction() as tx:
        [zoe] = people.add(tx, [new], clock())
    assert zoe
    clock.now += timedelta(days=8)
    begin(database, clock, place, zoe, RequestKind.INVITATION)
    blobs = DiskBlobs(tmp_path)
    clock.now += timedelta(days=6, hours=1)
    tidy(database, blobs, Retention(30, 30, 180), clock())
    assert count(database) == 2
    clock.now += timedelta(days=1)
    tick(database, clock)
    tidy(database, blobs, Retention(30, 30, 180), clock())
    assert count(database) == 1
    with database.reading() as tx:
        assert tx.scalar(select(person_rows.c.id)) == ann


def count(database: Database) -> int:
    with database.reading() as tx:
        return tx.execute(select(func.count()).select_from(person_rows)).scalar_one()
