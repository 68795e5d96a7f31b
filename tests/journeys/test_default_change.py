"""A community gets another default pace: all whom it moves are told once, in their language, and one word undoes it."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import func, select

from gateway.core.community import Pace, PersonState
from store import communities, deliveries, memberships, paces, people
from store.announcements import Origin, change_default
from store.database import Database
from store.people import Traits
from store.schema import deliveries as delivery_rows
from store.schema import notices
from tests.journeys.correspondence import Correspondence
from tests.network import DOMAIN, PEACE, SetClock


@pytest.fixture
def office(database: Database, clock: SetClock, tmp_path: Path) -> Correspondence:
    return Correspondence(database, clock, tmp_path / "blobs")


@pytest.fixture
def place(office: Correspondence) -> int:
    """A community at `each` of Ann, Bob, and French Zoé; Carol chose each post herself."""
    community = office.network.community("projets")
    office.network.join(community, *office.network.persons("ann", "bob"), office.network.person("zoe", locale="fr"))
    office.network.join(community, office.network.person("carol"), pace=Pace.EACH)
    return community


def change(office: Correspondence, place: int, pace: Pace) -> int:
    with office.database.transaction() as tx:
        return change_default(tx, communities.get_all(tx, [place])[place], pace, Origin(DOMAIN, 1), office.clock())


def pace_of(office: Correspondence, place: int, person: int) -> Pace | None:
    with office.database.reading() as tx:
        return memberships.get_all(tx, [(place, person)])[place, person].pace


def test_all_who_never_chose_are_told_once_in_their_language(
    office: Correspondence, place: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    rendered = []
    composer = office.composing._composer
    really = type(composer).prepare_notice
    monkeypatch.setattr(type(composer), "prepare_notice", lambda *a: rendered.append(a[2].locale) or really(*a))
    office.network.join(place, *office.network.persons(*(f"p{n}" for n in range(60))))
    assert change(office, place, Pace.DAILY) == 63
    assert change(office, place, Pace.DAILY) == 0
    mails = office.mails()
    assert len(mails) == 63 and all(len(each) == 1 for each in mails.values())
    assert "carol@people.example" not in mails
    assert mails["bob@people.example"][0]["Subject"] == "Projets moves to a daily digest"
    [french] = mails["zoe@people.example"]
    assert french["Subject"] == "Projets passe au résumé quotidien"
    assert "Pour garder chaque message, répondez TOUT." in " ".join(french.get_body(("plain",)).get_content().split())
    assert french["Auto-Submitted"] == "auto-generated"
    # Their answers come to them alone, and all of it was written once for each language.
    assert len({mail["Reply-To"] for [mail] in mails.values()}) == 63
    assert len({mail["Message-ID"] for [mail] in mails.values()}) == 1
    assert sorted(rendered) == ["en", "fr"]
    with office.database.reading() as tx:
        assert tx.scalar(select(func.count()).select_from(notices)) == 1


def test_one_word_keeps_every_message(office: Correspondence, place: int) -> None:
    change(office, place, Pace.WEEKLY)
    mails = office.mails()
    [bob], [ann], [zoe] = (mails[f"{name}@people.example"] for name in ("bob", "ann", "zoe"))
    office.answer("bob", bob, "ALL")
    office.answer("zoe", zoe, "Jour")
    assert [pace_of(office, place, person) for person in (1, 2, 3)] == [None, Pace.EACH, Pace.DAILY]
    # Another change reaches neither any more.
    assert change(office, place, Pace.DAILY) == 1
    assert set(office.mails()) >= {"ann@people.example"}
    assert ann["Reply-To"] != bob["Reply-To"]


def test_who_chose_or_left_before_it_went_is_not_told(office: Correspondence, place: int) -> None:
    change(office, place, Pace.DAILY)
    with office.database.transaction() as tx:
        paces.choose(tx, place, 1, Pace.WEEKLY, office.clock())
        memberships.remove(tx, place, 2)
        people.set_state(tx, 3, PersonState.SUSPENDED)
        found = deliveries.claim(tx, office.clock(), 10, PEACE)
    objections = {item.delivery.person_id: item.objection for item in found}
    assert objections == {1: "chosen meanwhile", 2: "no longer a member", 3: "suspended"}


def test_a_second_thought_takes_the_first_mail_back(office: Correspondence, place: int) -> None:
    change(office, place, Pace.WEEKLY)
    change(office, place, Pace.DAILY)
    assert [mail["Subject"] for mail in office.mails()["bob@people.example"]] == ["Projets moves to a daily digest"]


def test_it_comes_after_quiet_hours_and_pauses(office: Correspondence, place: int) -> None:
    back = datetime(2026, 11, 25, 8, tzinfo=UTC)
    with office.database.transaction() as tx:
        people.change(tx, 1, Traits(quiet_hours="09:00-12:00"))
        paces.pause(tx, 2, back, office.clock())
        paces.pause(tx, 3, None, office.clock())
    assert change(office, place, Pace.DAILY) == 2
    assert office.mails() == {}
    with office.database.reading() as tx:
        due = {row.person_id: row.next_attempt_at for row in tx.execute(select(delivery_rows))}
    assert due == {1: datetime(2026, 11, 20, 11, tzinfo=UTC), 2: back}


def test_nobody_is_moved_to_where_something_would_be_missed(office: Correspondence, place: int) -> None:
    with pytest.raises(ValueError, match="miss"):
        change(office, place, Pace.IMPORTANT)
