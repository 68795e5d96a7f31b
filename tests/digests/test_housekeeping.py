"""What is forgotten and what is not: blobs that no row names, and notices that were sent long ago."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from digests import housekeeping
from digests.housekeeping import Retention
from gateway.core.notice import Author, NamedFile, NoticeKind
from store import arrivals, blob_names, deliveries, notices, pickups
from store.arrivals import Accepted
from store.blobs import Blobs
from store.database import Database
from store.pickups import Pickup
from store.posts import NewFile
from tests.network import PEACE, Network, SetClock, envelope
from tests.store.test_blobs import age
from tests.store.test_blobs import blobs as blobs
from tests.store.test_blobs import s3 as s3
from tests.store.test_blobs import s3_server as s3_server
from tests.store.test_notices import arrive, new

EVE = Author("Eve", "eve@far.example", proven=False, known=False)


def name_some(network: Network, blobs: Blobs) -> dict[str, str]:
    """A blob of every kind of row, and one of none."""
    names = {what: blobs.put(what.encode()) for what in ("raw", "attached", "forwarded", "orphan")}
    ann, projets, arrival_id = network.person("ann"), network.community("projets"), arrive(network.database)
    network.join(projets, ann)
    network.write(ann, projets, files=[NewFile("a.txt", "text/plain", 8, names["attached"], False, "")])
    file = NamedFile("c.txt", 9, "text/plain", names["forwarded"])
    forwarded = replace(new(ann, arrival_id, projets, network.clock), kind=NoticeKind.FORWARDED, files=(file,))
    with network.database.transaction() as tx:
        arrivals.add(tx, [Accepted(envelope("projets"), 3, None, names["raw"])])
        notices.add(tx, [replace(forwarded, author=EVE)], 1, network.clock())
    return names


def test_only_an_old_orphan_is_swept(
    network: Network, database: Database, blobs: Blobs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = name_some(network, blobs)
    assert housekeeping.sweep(database, blobs) == 0
    age(blobs, tmp_path, monkeypatch, hours=37)
    assert housekeeping.sweep(database, blobs) == 1
    assert {what for what, name in names.items() if blobs.exists(name)} == {"raw", "attached", "forwarded"}
    assert housekeeping.sweep(database, blobs) == 0


def test_more_orphans_than_are_asked_about_at_once(
    database: Database, blobs: Blobs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(housekeeping, "_AT_ONCE", 5)
    for number in range(12):
        blobs.put(b"%d" % number)
    age(blobs, tmp_path, monkeypatch, hours=37)
    assert housekeeping.sweep(database, blobs) == 12
    assert list(blobs.idle()) == []


def test_an_orphan_that_is_put_again_meanwhile_is_kept(
    database: Database, blobs: Blobs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = blobs.put(b"wanted again")
    age(blobs, tmp_path, monkeypatch, hours=37)
    unnamed = blob_names.unnamed

    def put_again(*arguments: object) -> set[str]:
        age(blobs, tmp_path, monkeypatch, hours=0)
        blobs.put(b"wanted again")
        return unnamed(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(blob_names, "unnamed", put_again)
    housekeeping.sweep(database, blobs)
    assert blobs.exists(name)


def test_where_old_mails_were_picked_up_is_forgotten_with_their_bytes(
    database: Database, blobs: Blobs, clock: SetClock
) -> None:
    with database.transaction() as tx:
        mailbox_id = pickups.lease(tx, "relais@imap.example.com", "INBOX", "node", clock())
        assert mailbox_id is not None
        pickups.take(tx, [Pickup(mailbox_id, 7, uid, f"{uid:064}") for uid in range(3)], clock())
    for days, left in ((29, {0, 1, 2}), (2, set[int]())):
        clock.advance(days=days)
        housekeeping.tidy(database, blobs, Retention(30, 30, 180), clock())
        with database.reading() as tx:
            assert pickups.known(tx, mailbox_id, 7, range(3)) == left


def test_a_notice_goes_after_its_delivery_and_then_its_files(
    network: Network, database: Database, blobs: Blobs, clock: SetClock
) -> None:
    names = name_some(network, blobs)
    network.fan_out()
    with database.transaction() as tx:
        for item in deliveries.claim(tx, clock(), 10, PEACE):
            assert deliveries.drop(tx, item.delivery.id, clock() + deliveries.LEASE)
    retention = Retention(raw_days=30, sent_days=30, log_days=180)
    housekeeping.tidy(database, blobs, retention, clock.advance(days=29))
    assert unnamed(database, names) == {"orphan"}
    housekeeping.tidy(database, blobs, retention, clock.advance(days=2))
    assert unnamed(database, names) == {"orphan", "forwarded"}


def unnamed(database: Database, names: dict[str, str]) -> set[str]:
    with database.reading() as tx:
        found = blob_names.unnamed(tx, list(names.values()))
    return {what for what, name in names.items() if name in found}
