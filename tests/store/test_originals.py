"""Originals: the words of a post for ever, the bytes of any mail for a time, and nothing of who never wrote."""

from __future__ import annotations

from gateway.core.message import Mail
from store import arrivals, originals
from store.arrivals import Accepted, Closing
from store.database import Database
from store.originals import Original, Words
from tests.network import Network, SetClock, envelope


def take_in(database: Database, clock: SetClock, raw: bytes | None, blob: str = "") -> Mail:
    with database.transaction() as tx:
        arrivals.add(tx, [Accepted(envelope("projets"), 7, raw, blob)])
    with database.transaction() as tx:
        [mail] = arrivals.claim(tx, clock(), 9)
    return mail


def test_the_words_of_a_post_are_those_it_was_stored_with(
    database: Database, network: Network, clock: SetClock
) -> None:
    mail = take_in(database, clock, b"a mail\n")
    [arrival] = mail.arrivals
    with database.reading() as tx:
        assert originals.words_of_post(tx, arrival.id) is None
    projets, ann = network.community("projets"), network.person("ann")
    [post_id] = network.write(ann, projets)
    closing = Closing(arrival.id, "closed", "publish", "member_post", "", ann, projets, post_id)
    with database.transaction() as tx:
        arrivals.close(tx, [mail], [closing], clock())
    with database.reading() as tx:
        assert originals.words_of_post(tx, arrival.id) == Words("Words 1", "", "", "")


def test_the_bytes_are_in_the_row_or_in_a_blob_or_gone(database: Database, clock: SetClock) -> None:
    small, large, gone = (
        take_in(database, clock, raw, blob).arrivals[0].id
        for raw, blob in ((b"a mail\n", ""), (None, "f" * 64), (None, ""))
    )
    with database.reading() as tx:
        assert originals.original_of(tx, small) == Original("ann@people.example", b"a mail\n", "")
        assert originals.original_of(tx, large) == Original("ann@people.example", None, "f" * 64)
        assert originals.original_of(tx, gone) is None
        assert originals.original_of(tx, 999) is None
