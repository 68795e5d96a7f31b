"""STOP stops within one mail: what waits in the outbox at that moment is not sent."""

from __future__ import annotations

from email import message_from_bytes, policy
from pathlib import Path

import pytest

from gateway.core.delivery import Outcome, Outgoing
from store import deliveries
from store.database import Database
from tests.inbound.post_office import mail
from tests.journeys.correspondence import Correspondence
from tests.network import DOMAIN, PEACE, SetClock


@pytest.mark.parametrize("said", ["", "STOP"])
def test_what_was_queued_before_a_stop_is_not_sent(
    database: Database, clock: SetClock, tmp_path: Path, said: str
) -> None:
    office = Correspondence(database, clock, tmp_path / "blobs")
    place, (ann, bob, eve) = office.network.community("projets"), office.network.persons("ann", "bob", "eve")
    office.network.join(place, ann, bob, eve)
    office.network.write(ann, place)
    office.network.fan_out()
    to = "projets+stop"
    raw = mail("bob", subject=said, text=said, headers=f"To: {to}@{DOMAIN}\r\n")
    office.accept(raw, to, reverse_path="bob@people.example")
    office.work()
    with database.transaction() as tx:
        claimed = deliveries.claim(tx, clock(), 100, PEACE)
    made = list(office.composing.compose_all(claimed))
    assert [one.detail for one in made if isinstance(one, Outcome)] == ["no longer a member"]
    leaving = [(one.forward_path, _subject(one.data)) for one in made if isinstance(one, Outgoing)]
    assert sorted(leaving) == [
        ("bob@people.example", "Done: you have left Projets"),
        ("eve@people.example", "[Projets] Subject 1"),
    ]


def _subject(raw: bytes) -> str:
    return str(message_from_bytes(raw, policy=policy.default)["Subject"])
