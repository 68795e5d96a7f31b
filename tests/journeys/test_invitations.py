"""An invitation, from the word that sends it to the answer that comes too late, composed as it leaves."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from digests import joining
from digests.waiting import Origin
from gateway.core.joining import Registration
from store import memberships, people
from store.database import Database
from tests.inbound.post_office import RULES, mail
from tests.journeys.correspondence import Correspondence, quoted
from tests.network import DOMAIN, KEYS, SetClock


def test_an_invitation_that_has_expired_shows_the_way_in(database: Database, clock: SetClock, tmp_path: Path) -> None:
    office = Correspondence(database, clock, tmp_path / "blobs")
    office.rules = replace(RULES, registration=Registration(frozenset({"people.example"}), locale="en"))
    place, ann = office.network.community("projets"), office.network.person("ann")
    office.network.join(place, ann)
    office.accept(mail("ann", text="INVITE zoe@people.example projets", headers=f"To: relais@{DOMAIN}\r\n"), "relais")
    office.work()
    sent = office.mails()
    [told], [invitation] = sent["ann@people.example"], sent["zoe@people.example"]
    assert told["Subject"] == "Invited: zoe@people.example"
    assert invitation["Subject"] == "Ann invites you to Projets"

    clock.now += timedelta(days=8)
    with database.transaction() as tx:
        assert joining.end(tx, Origin(DOMAIN, KEYS.current), clock()) == 1
    # Nobody records here what was sent: it is due again, and nothing else is.
    assert {mail["Subject"] for mails in office.mails().values() for mail in mails} == {
        told["Subject"],
        invitation["Subject"],
    }
    office.answer("zoe", invitation, "YES\n\n" + "\n".join(quoted(invitation)))
    [late] = office.mails()["zoe@people.example"]
    assert late["Subject"] == "That question is closed"
    body = late.get_body(("plain",))
    assert body is not None and f"projets+join@{DOMAIN}" in body.get_content()

    # The way that it shows is open.
    office.accept(
        mail("zoe", text="", message_id="<z2@people.example>", headers=f"To: projets+join@{DOMAIN}\r\n"),
        "projets+join",
        reverse_path="zoe@people.example",
    )
    office.work()
    [asked] = office.mails()["zoe@people.example"]
    office.answer("zoe", asked, "YES\n\n" + "\n".join(quoted(asked)), number=3)
    [welcome] = office.mails()["zoe@people.example"]
    assert welcome["Subject"] == "Welcome to Projets"
    with database.reading() as tx:
        [zoe] = [person for person in people.stream(tx) if person.address.startswith("zoe")]
        assert memberships.get_all(tx, [(place, zoe.id)])
