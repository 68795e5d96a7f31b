"""What a human publishes takes the way of every other mail."""

from __future__ import annotations

import pytest
from sqlalchemy import select, update

from gateway.core.community import PostPolicy, Role
from store import arrivals
from store.schema import arrivals as arrival_rows
from store.schema import communities, deliveries, memberships, posts
from tests.inbound.post_office import PostOffice, Result, mail


def decide_again(office: PostOffice, *, approved: bool) -> Result:
    with office.database.transaction() as tx:
        arrival_id = tx.scalars(select(arrival_rows.c.id).where(arrival_rows.c.state == "held")).one()
        assert approved or arrivals.retry(tx, arrival_id)
    if approved:
        office.publish(arrival_id)
    office.work()
    with office.database.reading() as tx:
        place = tx.scalars(select(arrival_rows.c.id).order_by(arrival_rows.c.id)).all().index(arrival_id)
    return office.results()[place]


@pytest.fixture
def calm(office: PostOffice) -> int:
    """A moderated community of ann, run by bob; carol is outside."""
    place = office.network.community("calm", post=PostPolicy.MODERATED)
    ann, bob, _ = office.network.persons("ann", "bob", "carol")
    office.network.join(place, ann)
    office.network.join(place, bob, role=Role.MANAGER)
    return place


def test_a_moderated_mail_is_held_until_a_human_says_yes(office: PostOffice, calm: int) -> None:
    assert office.post(mail(), "calm").reason == "moderated"
    assert decide_again(office, approved=False).reason == "moderated"
    done = decide_again(office, approved=True)
    assert (done.state, done.verdict, done.reason) == ("closed", "publish", "member_post")


def test_an_unproven_mail_is_its_authors_after_a_human_vouched_for_it(office: PostOffice, calm: int) -> None:
    assert office.post(mail("bob", proven=False), "calm").reason == "sender_not_proven"
    done = decide_again(office, approved=True)
    assert (done.verdict, done.person_id) == ("publish", office.results()[0].person_id)


def test_a_stranger_has_no_name_to_post_under_even_so(office: PostOffice, calm: int) -> None:
    assert office.post(mail("eve@elsewhere.example", proven=False), "calm").state == "held"
    assert decide_again(office, approved=True).reason == "sender_unknown"


def test_approval_does_not_make_a_second_post_of_a_copy(office: PostOffice, calm: int) -> None:
    office.post(mail(), "calm")
    decide_again(office, approved=True)
    assert office.post(mail(), "calm").reason == "duplicate"


def test_an_archived_community_stays_closed(office: PostOffice, calm: int) -> None:
    office.post(mail(), "calm")
    with office.database.transaction() as tx:
        tx.execute(update(communities).values(archived=True))
    assert decide_again(office, approved=True).reason == "community_archived"


def test_a_sister_that_was_posted_before_shares_its_content(office: PostOffice, calm: int) -> None:
    free = office.network.community("free")
    with office.database.reading() as tx:
        ann, bob = tx.scalars(select(memberships.c.person_id).order_by(memberships.c.person_id)).all()
    office.network.join(free, ann, bob)
    office.accept(mail(), "free", "calm")
    office.work()
    office.network.fan_out()
    assert sorted(reason for _, reason in office.words()) == ["member_post", "moderated"]
    decide_again(office, approved=True)
    with office.database.reading() as tx:
        contents = tx.scalars(select(posts.c.content_id)).all()
    assert len(contents) == 2
    assert len(set(contents)) == 1
    office.network.fan_out()
    with office.database.reading() as tx:
        assert tx.scalars(select(deliveries.c.person_id).where(deliveries.c.kind == "post")).all() == [bob]
