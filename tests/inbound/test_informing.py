"""HELP, LIST, SETTINGS, WHO and LANGUAGE: what a person may know, and nothing of what they may not."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from gateway.core.command import Verb
from gateway.core.community import JoinPolicy, NetworkRole, Pace, Role
from gateway.core.joining import Registration
from store import charters, people
from store.database import Database
from store.people import Traits
from tests.inbound.post_office import RULES
from tests.inbound.test_joining import COMPANY, Doorstep, person, results
from tests.network import SetClock


@pytest.fixture
def office(database: Database, clock: SetClock, tmp_path: Path) -> Doorstep:
    """bob in a daily community; an open one, one on request and a closed one around him."""
    office = Doorstep(database, clock, tmp_path / "blobs")
    office.network.person("root", role=NetworkRole.ADMIN)
    ann, bob = office.network.persons("ann", "bob")
    mine = office.network.community("projets", pace=Pace.DAILY)
    for name, join in (("achats", JoinPolicy.OPEN), ("atelier", JoinPolicy.REQUEST), ("cercle", JoinPolicy.INVITE)):
        office.network.community(name, join=join)
    office.network.join(mine, ann, bob)
    return office


def bob_of(office: Doorstep) -> int:
    found = person(office, "bob")
    assert found
    return found.id


def forms(office: Doorstep, reader: int) -> list[str]:
    told = office.told_to(reader)[-1].obeyed
    assert told and told.verb is Verb.HELP
    return [line.form.split()[0] for line in told.lines]


def test_help_tells_the_words_that_its_reader_may_use(office: Doorstep) -> None:
    bob = bob_of(office)
    office.write("bob", "relais", "", subject="Help!")
    for_member = forms(office, bob)
    assert {"HELP", "LIST", "JOIN", "LEAVE", "DAILY", "INVITE", "LANGUAGE"} <= set(for_member)
    assert "APPROVE" not in for_member and "CLOSE" not in for_member
    office.network.join(office.network.community("regie"), bob, role=Role.MANAGER)
    office.write("bob", "relais", "AIDE")
    assert {"APPROVE", "CLOSE"} <= set(forms(office, bob))
    sheet = office.told_to(bob)[-1].sheet
    assert sheet and [place.address for place in sheet.places] == ["projets", "regie"]


def test_a_newcomer_is_told_what_they_may_do(office: Doorstep) -> None:
    office.rules = replace(RULES, registration=Registration(COMPANY))
    office.write("zoe", "relais", "AIDE")
    zoe = person(office, "zoe")
    assert zoe and set(forms(office, zoe.id)) == {"AIDE", "LISTE", "REJOINDRE"}


def test_the_list_names_what_can_be_joined(office: Doorstep) -> None:
    office.write("bob", "relais", "LIST")
    sheet = office.told_to(bob_of(office))[-1].sheet
    assert sheet and [(place.address, place.members) for place in sheet.places] == [("achats", 0), ("atelier", 0)]


def test_the_settings_say_how_things_are(office: Doorstep) -> None:
    bob = bob_of(office)
    office.write("bob", "relais", "PAUSE until 4 Dec")
    office.write("bob", "relais", "MES RÉGLAGES")
    sheet = office.told_to(bob)[-1].sheet
    assert sheet and sheet.paused and sheet.paused_until
    assert [(place.pace, place.is_own_pace) for place in sheet.places] == [(Pace.DAILY, False)]


def test_members_are_named_who_agreed_and_to_members_alone(office: Doorstep) -> None:
    office.write("bob", "relais", "QUI projets")
    [none] = office.told_to(bob_of(office))
    office.write("bob", "relais", "WHO achats")
    ann = person(office, "ann")
    assert ann
    with office.database.transaction() as tx:
        people.change(tx, ann.id, Traits(named=True))
    office.write("bob", "relais", "WHO projets")
    _, outside, named = office.told_to(bob_of(office))
    assert none.sheet and (none.sheet.names, none.sheet.members) == ((), 2)
    assert outside.sheet is None and results([outside])[0][0] is Verb.WHO
    assert named.sheet and (named.sheet.names, named.sheet.members) == (("Ann",), 2)


def test_the_language_is_another_from_the_answer_on(office: Doorstep) -> None:
    office.write("bob", "relais", "LANGUE FR")
    found = person(office, "bob")
    assert found and found.locale == "fr"
    assert results(office.told_to(found.id))[0][0] is Verb.LANGUAGE


@pytest.mark.parametrize("text", ["Abracadabra", "PAUSE until 31 February", "INVITE nobody@", "LANGUAGE"])
def test_a_word_that_is_none_is_answered_once_and_then_read(office: Doorstep, clock: SetClock, text: str) -> None:
    bob = bob_of(office)
    office.write("bob", "relais", text)
    [helped] = office.told_to(bob)
    assert helped.obeyed and helped.obeyed.verb is Verb.HELP and helped.obeyed.words == text
    office.write("bob", "relais", text)
    assert len(office.told_to(bob)) == 1
    assert [kind for _, kind, _ in office.told()][-1] == "forwarded"
    clock.now += timedelta(hours=2)
    office.write("bob", "relais", text)
    assert len(office.told_to(bob)) == 2


def test_a_mail_that_says_nothing_is_helped(office: Doorstep) -> None:
    bob = bob_of(office)
    office.write("bob", "relais", "")
    assert "JOIN" in forms(office, bob)
    office.write("bob", "projets+owner", "")
    assert len(office.told_to(bob)) == 1


def test_the_last_of_nothing_says_so(office: Doorstep) -> None:
    office.write("bob", "relais", "LAST 5")
    [told] = office.told_to(bob_of(office))
    assert told.obeyed and (told.obeyed.verb, told.obeyed.communities) == (Verb.LAST, ("Projets",))


@pytest.mark.parametrize("text", ["Who runs this?", "I cannot find the plans any more.", "Call me"])
def test_a_sentence_reaches_people(office: Doorstep, text: str) -> None:
    office.write("bob", "relais", text)
    assert office.words()[-1] == ("forward", "for_the_admins") and office.told_to(bob_of(office)) == []


def test_an_unproven_stranger_and_a_machine_are_told_nothing(office: Doorstep) -> None:
    office.rules = replace(RULES, registration=Registration(COMPANY))
    office.write("zoe", "relais", "Abracadabra")
    office.write("zoe", "relais", "HELP", proven=False)
    office.write("bob", "relais", "HELP", proven=False)
    assert person(office, "zoe") is None and office.told_to(bob_of(office)) == []


def test_my_data_tells_what_there_is_to_the_person_alone(office: Doorstep, clock: SetClock) -> None:
    bob = bob_of(office)
    office.write("bob", "projets", "Who comes along?", subject="A visit")
    with office.database.transaction() as tx:
        charters.publish(tx, {"en": "Be kind."}, clock(), everybody=False)
        charters.accept(tx, bob, clock())
    office.write("bob", "relais", "MES DONNÉES")
    sheet = office.told_to(bob)[-1].sheet
    assert sheet is not None
    assert sheet.addresses == ("bob@people.example",)
    assert sheet.accepted_at == clock()
    assert {holding.kind: holding.count for holding in sheet.holdings}["posts"] == 1
    assert [place.address for place in sheet.places] == ["projets"]
