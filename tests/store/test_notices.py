"""Notices: kept with the person's own words, told once an hour."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from gateway.core.decision import Reason
from gateway.core.delivery import DeliveryKind
from gateway.core.notice import Author, NamedFile, NoticeKind
from store import arrivals, deliveries, notices
from store.arrivals import Accepted
from store.database import Database
from store.notices import HUSH, NewNotice
from store.schema import arrivals as arrival_rows
from tests.network import PEACE, Network, SetClock, envelope


def arrive(database: Database) -> int:
    with database.transaction() as tx:
        arrivals.add(tx, [Accepted(envelope("projets"), 1, b"x", "")])
        found = tx.scalar(arrival_rows.select().with_only_columns(arrival_rows.c.id))
    assert found
    return int(found)


def new(person_id: int, arrival_id: int, community_id: int | None, sent: SetClock) -> NewNotice:
    return NewNotice(
        person_id=person_id,
        kind=NoticeKind.RETURNED,
        reason=Reason.NOT_A_MEMBER,
        message_id="<n1@relais.example>",
        in_reply_to="<own-1@people.example>",
        community_id=community_id,
        arrival_id=arrival_id,
        sent_to="projets@relais.example",
        topic_title="",
        subject="Élan",
        text="Mes mots,\n\nen entier.",
        files=(NamedFile("plan.pdf", 12), NamedFile("été.png", 7)),
        sent_at=sent(),
    )


def test_a_notice_is_one_delivery_with_the_persons_words(network: Network, database: Database, clock: SetClock) -> None:
    projets, ann, arrival_id = network.community("projets"), network.person("ann"), arrive(database)
    with database.transaction() as tx:
        notices.add(tx, [new(ann, arrival_id, projets, clock)], 3, clock())
        [item] = deliveries.claim(tx, clock(), 10, PEACE)
        assert item.delivery.notice_id
        [mail] = notices.get_all(tx, [item.delivery.notice_id], limit_bytes=99).values()
    assert (item.delivery.kind, item.delivery.person_id, item.delivery.key_id) == (DeliveryKind.NOTICE, ann, 3)
    # No membership is needed to hear of one's own mail.
    assert item.objection == ""
    assert (mail.reference, mail.limit_bytes, mail.timezone) == (f"A-{arrival_id}", 99, "Europe/Paris")
    assert (mail.subject, mail.text, mail.sent_at) == ("Élan", "Mes mots,\n\nen entier.", clock())
    assert mail.files == (NamedFile("plan.pdf", 12), NamedFile("été.png", 7))
    assert mail.community and mail.community.id == projets


def test_a_suspended_person_is_told_nothing(network: Network, database: Database, clock: SetClock) -> None:
    ann, arrival_id = network.person("ann"), arrive(database)
    with database.transaction() as tx:
        notices.add(tx, [new(ann, arrival_id, None, clock)], 1, clock())
    network.suspend(ann)
    with database.transaction() as tx:
        assert [item.objection for item in deliveries.claim(tx, clock(), 10, PEACE)] == ["suspended"]


def test_recent_is_an_hour(network: Network, database: Database, clock: SetClock) -> None:
    ann, arrival_id = network.person("ann"), arrive(database)
    told = {(ann, NoticeKind.RETURNED, Reason.NOT_A_MEMBER, None)}
    with database.transaction() as tx:
        notices.add(tx, [new(ann, arrival_id, None, clock)], 1, clock())
        assert notices.recent(tx, [ann, 999], clock()) == told
        assert notices.recent(tx, [], clock()) == set()
        clock.now += HUSH - timedelta(seconds=1)
        assert notices.recent(tx, [ann], clock()) == told
        clock.advance(seconds=1)
        assert notices.recent(tx, [ann], clock()) == set()


def test_a_notice_outlives_the_log_of_its_arrival(network: Network, database: Database, clock: SetClock) -> None:
    ann, arrival_id = network.person("ann"), arrive(database)
    with database.transaction() as tx:
        notices.add(tx, [new(ann, arrival_id, None, clock)], 1, clock())
        tx.execute(arrival_rows.delete())
        [item] = deliveries.claim(tx, clock(), 10, PEACE)
        assert item.delivery.notice_id
        [mail] = notices.get_all(tx, [item.delivery.notice_id], limit_bytes=1).values()
    assert mail.reference == f"N-{item.delivery.notice_id}"


def test_a_forwarded_mail_keeps_its_author_and_its_files(network: Network, database: Database, clock: SetClock) -> None:
    ann, arrival_id = network.person("ann"), arrive(database)
    author = Author("Tom", "tom@far.example", proven=True, known=False)
    files = (NamedFile("plan.pdf", 12, "application/pdf", "a" * 64),)
    one = replace(new(ann, arrival_id, None, clock), kind=NoticeKind.FORWARDED, author=author, files=files)
    with database.transaction() as tx:
        notices.add(tx, [one, replace(new(ann, arrival_id, None, clock), message_id="<n2@relais.example>")], 1, clock())
        ids = [item.delivery.notice_id or 0 for item in deliveries.claim(tx, clock(), 10, PEACE)]
        found = notices.get_all(tx, ids, limit_bytes=1)
    assert [(found[i].author, found[i].files) for i in ids] == [
        (author, files),
        (None, (NamedFile("plan.pdf", 12), NamedFile("été.png", 7))),
    ]


def test_counts_are_of_one_hour_one_kind_and_one_reason(network: Network, database: Database, clock: SetClock) -> None:
    ann, tom, arrival_id = network.person("ann"), network.person("tom"), arrive(database)
    batch = [replace(new(ann, arrival_id, None, clock), message_id=f"<n{i}@relais.example>") for i in range(3)]
    with database.transaction() as tx:
        notices.add(tx, batch, 1, clock())
        told = NoticeKind.RETURNED, (Reason.NOT_A_MEMBER,)
        assert notices.counts(tx, [ann, tom], *told, clock()) == {ann: 3}
        assert notices.counts(tx, [ann], NoticeKind.FORWARDED, (Reason.NOT_A_MEMBER,), clock()) == {}
        assert notices.counts(tx, [ann], NoticeKind.RETURNED, (Reason.EMPTY,), clock()) == {}
        assert notices.counts(tx, [tom], *told, clock()) == {}
        assert notices.counts(tx, [ann], *told, clock.advance(hours=1)) == {}


def test_a_notice_is_forgotten_after_its_delivery(network: Network, database: Database, clock: SetClock) -> None:
    ann, arrival_id = network.person("ann"), arrive(database)
    with database.transaction() as tx:
        notices.add(tx, [new(ann, arrival_id, None, clock)], 1, clock())
        later = clock.advance(days=31)
        assert notices.purge(tx, later, 10) == 0
        [item] = deliveries.claim(tx, later, 10, PEACE)
        assert deliveries.drop(tx, item.delivery.id, later + deliveries.LEASE)
        assert deliveries.purge(tx, clock.advance(days=31), 10) == 1
        assert notices.purge(tx, later, 0) == 0
        assert notices.purge(tx, later, 10) == 1
        assert notices.purge(tx, later, 10) == 0
