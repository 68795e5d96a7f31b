"""Hints: what a mail may answer and who may have written it, seen before it is parsed."""

from __future__ import annotations

from collections.abc import Iterable

import pytest
from sqlalchemy import Connection, select

from gateway.core.digest import SentDigest
from gateway.core.message import NOTHING_KNOWN, Hints, Mail
from gateway.core.token import Purpose
from inbound import hints
from store.schema import contents
from tests.inbound.post_office import HOUSE, PostOffice, mail
from tests.network import KEYS


def sent_texts(_tx: Connection, wanted: Iterable[tuple[int, str]]) -> dict[tuple[int, str], str]:
    return {(post_id, locale): f"post {post_id} in {locale}" for post_id, locale in wanted}


def sent_digests(_tx: Connection, wanted: Iterable[int]) -> dict[int, SentDigest]:
    return {digest_id: SentDigest(digest_id, ()) for digest_id in wanted}


def collect(office: PostOffice, mails: list[Mail]) -> list[Hints]:
    with office.database.reading() as tx:
        return hints.collect(tx, mails, HOUSE, sent_texts, sent_digests)


@pytest.fixture
def post(office: PostOffice) -> int:
    """A post of ann's in a community of ann and bob."""
    place = office.network.community("projets")
    office.network.join(place, office.network.person("ann"), office.network.person("bob", locale="fr"))
    [added] = office.network.write(1, place)
    return added


def claimed(office: PostOffice, raw: bytes, *paths: str) -> list[Mail]:
    office.accept(raw, *paths)
    return office.claim()


def test_a_token_tells_the_post_and_the_language_it_was_sent_in(office: PostOffice, post: int) -> None:
    token = KEYS.sign(Purpose.REPLY, (post, 2), issued=office.clock())
    [known] = collect(office, claimed(office, mail("carol"), f"reply+{token}"))
    assert known.sent == (f"post {post} in fr",)


def test_a_message_id_of_ours_tells_the_post(office: PostOffice, post: int) -> None:
    with office.database.reading() as tx:
        ours = tx.scalars(select(contents.c.message_id)).one()
    raw = mail("ann", headers=f"In-Reply-To: <x@elsewhere.example>\r\nReferences: <a@b.example>\r\n {ours}\r\n")
    [known] = collect(office, claimed(office, raw, "projets"))
    assert known.sent == (f"post {post} in en",)


def test_an_author_nobody_knows_may_have_got_it_in_any_language(office: PostOffice, post: int) -> None:
    with office.database.reading() as tx:
        ours = tx.scalars(select(contents.c.message_id)).one()
    [known] = collect(office, claimed(office, mail("eve", headers=f"In-Reply-To: {ours}\r\n"), "projets"))
    assert set(known.sent) == {f"post {post} in fr", f"post {post} in en"}


def test_the_authors_latest_texts_come_along(office: PostOffice, post: int) -> None:
    [known] = collect(office, claimed(office, mail("Ann"), "projets"))
    assert len(known.earlier) == 1
    assert known.sent == ()


@pytest.mark.parametrize(
    "raw", [b"", b"\r\n\r\n", b"From: \xff\xfe\r\n", b"In-Reply-To: <\r\nReferences: <<>>\r\n", b"From"]
)
def test_a_mail_that_says_nothing_has_no_hints(office: PostOffice, post: int, raw: bytes) -> None:
    assert collect(office, claimed(office, raw, "projets")) == [NOTHING_KNOWN]


def test_the_answered_digest_is_told(office: PostOffice, post: int) -> None:
    token = KEYS.sign(Purpose.DIGEST, (7, 2), issued=office.network.clock())
    [by_token] = collect(office, claimed(office, mail("bob"), f"digest+{token}"))
    assert by_token.digest == SentDigest(7, ())
    answer = mail("bob", headers=f"In-Reply-To: <digest.8@{HOUSE.domain}>\r\n")
    [by_header] = collect(office, claimed(office, answer, "digest"))
    assert by_header.digest == SentDigest(8, ())
    [none] = collect(office, claimed(office, mail("bob"), "digest"))
    assert none.digest is None
