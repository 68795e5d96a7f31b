"""Die before statement 1, 2, 3… and before the commit, in every transaction of a mail's way; then go on to the end.

T1 accepts, T2 claims, T3 decides and carries out, the fan-out expands, T4 claims deliveries, T5 records them.
Afterwards every accepted mail has exactly one outcome, one post, and one delivery for each reader (I1-I4).
"""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from gateway.core.community import PostPolicy
from gateway.core.delivery import DeliveryState, Outcome
from gateway.core.reply import Reply
from inbound.spool import ACCEPTED, TROUBLE, Spool
from store import arrivals, audience, deliveries
from store.arrivals import LEASE, Accepted
from store.database import Database
from store.deliveries import Claimed
from store.schema import arrivals as arrival_rows
from store.schema import contents, fan_outs, notices, posts, raw_mails, spool
from store.schema import deliveries as delivery_rows
from tests.crash.failing import Died, die_everywhere, dying_before
from tests.inbound.post_office import PostOffice, mail
from tests.network import PEACE, SetClock, envelope

READERS = ("bob", "carol", "dan")
SENT = Reply(250, "2.0.0", "Ok")


class House(PostOffice):
    """A post office that also sends, one transaction a method."""

    def __init__(self, database: Database, clock: SetClock, blobs: Path) -> None:
        super().__init__(database, clock, blobs)
        people = self.network.persons("ann", *READERS, "zoe")
        self.projets, self.achats = self.network.community("projets"), self.network.community("achats")
        self.calm = self.network.community("calm", post=PostPolicy.MODERATED)
        self.network.join(self.projets, *people[:4])
        self.network.join(self.achats, *people[:3])
        self.network.join(self.calm, people[0])
        self.wires: Counter[int] = Counter()

    def spool_mails(self) -> None:
        """One of each sort: a post, a cross-post with an answer to it, a copy, two that are answered, one held."""
        first = mail(message_id="<m1@people.example>", text="first")
        answer = mail("bob", message_id="<m2@people.example>", headers="In-Reply-To: <m1@people.example>\r\n")
        wrapped = [
            (first, ("projets", "achats")),
            (answer, ("projets",)),
            (first, ("projets",)),
            (mail("zoe", message_id="<m3@people.example>"), ("projets",)),
            (mail(message_id="<m4@people.example>"), ("calm", "postmaster")),
            (mail("bob", message_id="<m5@people.example>", text="later"), ("achats",)),
        ]
        with self.database.transaction() as tx:
            arrivals.add(tx, [Accepted(envelope(*paths), len(raw), raw, "") for raw, paths in wrapped])

    def expand(self) -> int:
        """One chunk of the fan-out."""
        with self.database.transaction() as tx:
            return audience.expand(tx, self.clock(), PEACE)

    def claim_deliveries(self) -> list[Claimed]:
        """T4."""
        with self.database.transaction() as tx:
            return deliveries.claim(tx, self.clock(), 100, PEACE)

    def record(self, claimed: list[Claimed]) -> None:
        """T5."""
        outcomes = [(Outcome(c.delivery.id, c.delivery.attempts, DeliveryState.DELIVERED, SENT), None) for c in claimed]
        with self.database.transaction() as tx:
            deliveries.record(tx, outcomes, self.clock())

    def wait_for_leases(self) -> None:
        """What a claim of the dead holds is free again."""
        self.clock.now += LEASE + timedelta(seconds=1)

    def finish(self) -> None:
        """Everything to the end, without a death."""
        self.wait_for_leases()
        self.work()
        while self.expand():
            pass
        while claimed := self.claim_deliveries():
            self.wires.update(c.delivery.id for c in claimed)
            self.record(claimed)

    def check(self) -> None:
        """I1 to I4."""
        with self.database.reading() as tx:
            outcomes = Counter(tuple(row) for row in tx.execute(select(arrival_rows.c.verdict, arrival_rows.c.reason)))
            assert set(tx.scalars(select(spool.c.state))) == {"closed"}
            assert len(tx.scalars(select(raw_mails.c.spool_id)).all()) == 6
            assert outcomes == {
                ("publish", "member_post"): 3,
                ("publish", "member_answer"): 1,
                ("discard", "duplicate"): 1,
                ("reject", "not_a_member"): 1,
                ("hold", "moderated"): 1,
                ("forward", "for_the_admins"): 1,
            }
            assert len(tx.scalars(select(contents.c.id)).all()) == 3
            numbers = tx.execute(select(posts.c.community_id, posts.c.number).order_by(posts.c.id)).all()
            assert sorted(tuple(row) for row in numbers) == [
                (self.projets, 1),
                (self.projets, 2),
                (self.achats, 1),
                (self.achats, 2),
            ]
            assert len(tx.scalars(select(fan_outs.c.id).where(fan_outs.c.closed_at.is_not(None))).all()) == 4
            assert len(tx.scalars(select(notices.c.id)).all()) == 2
            sent = tx.execute(select(delivery_rows.c.kind, delivery_rows.c.state)).all()
        # first: bob, carol, dan; the answer: ann, carol, dan; later: ann, carol; zoe and ann have a notice.
        assert Counter(tuple(row) for row in sent) == {("post", "delivered"): 3 + 3 + 2, ("notice", "delivered"): 2}


@pytest.fixture
def house(database: Database, clock: SetClock, tmp_path: Path) -> House:
    return House(database, clock, tmp_path / "blobs")


def test_nothing_dies(house: House) -> None:
    house.spool_mails()
    house.finish()
    house.check()
    assert set(house.wires.values()) == {1}


def test_t1_accepts_all_or_nothing(house: House, tmp_path: Path) -> None:
    def nothing_there() -> None:
        with house.database.reading() as tx:
            for table in (spool, raw_mails, arrival_rows):
                assert tx.execute(select(table)).all() == []

    assert die_everywhere(house.database, house.spool_mails, nothing_there) >= 4
    house.finish()
    house.check()


def test_t1_says_250_only_for_what_is_there(house: House, tmp_path: Path) -> None:
    opened = Spool(house.database, house.blobs, disk=tmp_path, reserve_bytes=0, committed=lambda: None)
    opened.start()
    replies = []
    for step in range(1, 10):
        with dying_before(house.database, step):
            replies.append(opened.accept(envelope("projets"), b"mail %d" % step))
    opened.stop()
    assert replies == [TROUBLE] * 4 + [ACCEPTED] * 5
    with house.database.reading() as tx:
        assert tx.scalars(select(raw_mails.c.data)).all() == [b"mail %d" % n for n in range(5, 10)]


def test_t2_claims_or_does_not(house: House) -> None:
    house.spool_mails()

    def unclaimed() -> None:
        with house.database.reading() as tx:
            rows = tx.execute(select(spool.c.attempts, spool.c.lease_until))
            assert {tuple(row) for row in rows} == {(0, None)}

    assert die_everywhere(house.database, house.claim, unclaimed) >= 4
    house.finish()
    house.check()


def test_t3_decides_wholly_or_not_at_all(house: House) -> None:
    house.spool_mails()

    def no_outcome_without_its_effects() -> None:
        with house.database.reading() as tx:
            decided = tx.execute(select(arrival_rows).where(arrival_rows.c.verdict.is_not(None))).all()
            published = [row for row in decided if row.verdict == "publish"]
            assert {row.post_id for row in published} == set(tx.scalars(select(posts.c.id)))
            assert {row.post_id for row in published} == set(tx.scalars(select(fan_outs.c.post_id)))
            told = [row for row in decided if row.reason in ("not_a_member", "moderated")]
            assert len(tx.scalars(select(notices.c.id)).all()) == len(told)
        house.wait_for_leases()

    def decide() -> None:
        house.process([house.read(claimed) for claimed in house.claim()])

    deaths = 0
    with house.database.reading() as tx:
        waiting = select(spool.c.id).where(spool.c.state == "spooled").limit(1)
        left = tx.execute(waiting).first()
    while left:
        deaths += die_everywhere(house.database, decide, no_outcome_without_its_effects)
        with house.database.reading() as tx:
            left = tx.execute(waiting).first()
    assert deaths > 20
    house.finish()
    house.check()


def test_t3_dead_at_its_commit_is_done_again_by_another(house: House) -> None:
    """Between COMMIT sent and COMMIT heard nobody knows: the fence and UNIQUE make a second time harmless."""
    house.spool_mails()
    batch = [house.read(claimed) for claimed in house.claim()]
    house.process(batch)
    with pytest.raises(arrivals.LostLeaseError):
        house.process(batch)
    house.finish()
    house.check()


def test_the_fan_out_goes_on_where_it_died(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(audience, "CHUNK", 2)
    house.spool_mails()
    house.work()

    def nothing_twice() -> None:
        with house.database.reading() as tx:
            pairs = tx.execute(select(delivery_rows.c.content_id, delivery_rows.c.person_id)).all()
        assert len(pairs) == len({tuple(pair) for pair in pairs})

    deaths = 1
    while deaths:
        deaths = die_everywhere(house.database, house.expand, nothing_twice)
        if not house.expand():
            break
    house.finish()
    house.check()


def test_t4_claims_or_does_not(house: House) -> None:
    house.spool_mails()
    house.work()
    while house.expand():
        pass

    def unclaimed() -> None:
        with house.database.reading() as tx:
            assert set(tx.scalars(select(delivery_rows.c.attempts))) == {0}

    assert die_everywhere(house.database, house.claim_deliveries, unclaimed) == 4
    house.finish()
    house.check()


def test_t5_unrecorded_is_sent_again_and_recorded_is_not(house: House) -> None:
    house.spool_mails()
    house.work()
    while house.expand():
        pass
    deaths = 0
    for step in range(1, 100):
        claimed = house.claim_deliveries()
        house.wires.update(c.delivery.id for c in claimed)
        try:
            with dying_before(house.database, step):
                house.record(claimed)
        except Died:
            deaths += 1
            house.wait_for_leases()
            continue
        break
    assert deaths == 2
    house.finish()
    house.check()
    # At most one more copy for each death, none after the record.
    assert set(house.wires.values()) == {deaths + 1}
