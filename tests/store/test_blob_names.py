"""A blob is named by the spool, by a post or by a forwarded notice, and by nothing else."""

from __future__ import annotations

from dataclasses import replace

from gateway.core.notice import Author, NamedFile, NoticeKind
from store import arrivals, blob_names, notices, past_mails
from store.arrivals import Accepted
from store.database import Database
from store.posts import NewFile
from tests.network import Network, SetClock, envelope
from tests.store.test_notices import arrive, new

EVE = Author("Eve", "eve@far.example", proven=False, known=False)


def names(letters: str) -> list[str]:
    return [letter * 64 for letter in letters]


def test_every_kind_of_row_keeps_its_blob(network: Network, database: Database, clock: SetClock) -> None:
    ann, projets, arrival_id = network.person("ann"), network.community("projets"), arrive(database)
    network.join(projets, ann)
    network.write(ann, projets, files=[NewFile("a.txt", "text/plain", 1, "a" * 64, False, "")])
    forwarded = replace(
        new(ann, arrival_id, projets, clock),
        kind=NoticeKind.FORWARDED,
        author=EVE,
        files=(NamedFile("c.txt", 1, "text/plain", "c" * 64), NamedFile("d.txt", 2, "text/plain", "d" * 64)),
    )
    with database.transaction() as tx:
        arrivals.add(tx, [Accepted(envelope("projets"), 1, None, "b" * 64)])
        notices.add(tx, [forwarded], 1, clock())
    with database.reading() as tx:
        assert blob_names.unnamed(tx, names("abcdef")) == set(names("ef"))
        assert blob_names.unnamed(tx, names("abcd")) == set()
        assert blob_names.unnamed(tx, []) == set()


def test_a_raw_mail_that_a_notice_attaches_is_kept(network: Network, database: Database, clock: SetClock) -> None:
    ann, arrival_id = network.person("ann"), arrive(database)
    with database.transaction() as tx:
        for blob in names("ab"):
            arrivals.add(tx, [Accepted(envelope("projets"), 1, None, blob)])
        for mail in arrivals.claim(tx, clock(), 10):
            closings = [
                arrivals.Closing(a.id, "closed", "discard", "loop", "", None, None, None) for a in mail.arrivals
            ]
            arrivals.close(tx, [mail], closings, clock())
        own = replace(
            new(ann, arrival_id, None, clock),
            kind=NoticeKind.FORWARDED,
            author=EVE,
            files=(NamedFile("mail.eml", 1, "message/rfc822", "a" * 64),),
        )
        notices.add(tx, [own], 1, clock())
        assert past_mails.forget_bytes(tx, clock.advance(days=1), 10) == (3, names("b"))
