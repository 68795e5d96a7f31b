"""How somebody comes into a community by mail: asked first, once, and never by another's word."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from gateway.core import address
from gateway.core.address import Ours
from gateway.core.command import Verb
from gateway.core.community import JoinPolicy, Membership, NetworkRole, Pace, Person, PersonState, Role
from gateway.core.joining import Register, Registration
from gateway.core.notice import NoticeKind, NoticeMail, Result
from gateway.core.question import Asks
from gateway.core.token import Purpose
from inbound.actions import inviting, leaving, registering
from store import communities, memberships, notices, people
from store.database import Database
from store.schema import memberships as membership_rows
from store.schema import notices as notice_rows
from store.schema import people as people_rows
from tests.inbound.post_office import RULES, PostOffice, mail
from tests.network import DOMAIN, KEYS, SetClock


class Doorstep(PostOffice):
    """A post office whose people ask to come in and answer what they are asked."""

    number = 0

    def write(self, author: str, to: str, text: str = "", *, subject: str = "", proven: bool = True) -> None:
        """A mail of this person to one of our addresses."""
        self.number += 1
        raw = mail(
            author,
            subject=subject,
            text=text,
            message_id=f"<w{self.number}@people.example>",
            headers=f"To: {to}@{DOMAIN}\r\n",
            proven=proven,
        )
        self.accept(raw, to, reverse_path="zoe@people.example" if "<" in author else f"{author}@people.example")
        self.work()

    def told_to(self, person_id: int) -> list[NoticeMail]:
        """What this person was told, oldest first."""
        with self.database.reading() as tx:
            ids = list(tx.scalars(select(notice_rows.c.id).where(notice_rows.c.person_id == person_id)))
            found = notices.get_all(tx, ids, limit_bytes=5000)
        return [found[i] for i in sorted(found)]

    def answer(self, author: str, notice: NoticeMail, owner: int, text: str, *, proven: bool = True) -> None:
        """An answer to a notice, with the token of its reader `owner`."""
        token = KEYS.sign(Purpose.ANSWER, (notice.id, owner), issued=self.clock())
        self.write(author, f"answer+{token}", text, subject="Re: x", proven=proven)

    def belongs(self, place: int, person: int) -> bool:
        """Whether this person is a member there."""
        with self.database.reading() as tx:
            return bool(memberships.get_all(tx, [(place, person)]))


@pytest.fixture
def office(database: Database, clock: SetClock, tmp_path: Path) -> Doorstep:
    return Doorstep(database, clock, tmp_path / "blobs")


@pytest.mark.parametrize(
    ("to", "text"),
    [
        ("projets+rejoindre", ""),
        ("projets+join", "Hello, may I?"),
        ("relais", "JOIN projets"),
        ("relais", "Abonner Projets"),
    ],
)
def test_whoever_asks_is_asked_and_yes_makes_a_member(office: Doorstep, to: str, text: str) -> None:
    place, bob = office.network.community("projets"), office.network.person("bob")
    office.write("bob", to, text)
    [asked] = office.told_to(bob)
    assert asked.kind is NoticeKind.QUESTION
    assert asked.question is not None and asked.question.asks is Asks.JOIN
    assert not office.belongs(place, bob)
    office.answer("bob", asked, bob, "Oui\n")
    assert office.belongs(place, bob)


def test_no_is_taken_for_no(office: Doorstep) -> None:
    place, bob = office.network.community("projets"), office.network.person("bob")
    office.write("bob", "projets+join")
    office.answer("bob", office.told_to(bob)[0], bob, "No")
    office.answer("bob", office.told_to(bob)[0], bob, "Yes")
    assert not office.belongs(place, bob)
    results = [told.obeyed.result for told in office.told_to(bob)[1:] if told.obeyed]
    assert results == [Result.DECLINED, Result.OVER]


def test_the_token_alone_proves_the_mailbox_for_its_question(office: Doorstep) -> None:
    place, bob = office.network.community("projets"), office.network.person("bob")
    office.write("bob", "projets+join")
    office.answer("bob", office.told_to(bob)[0], bob, "YES", proven=False)
    assert office.belongs(place, bob)


def test_a_stolen_token_lets_nobody_in(office: Doorstep) -> None:
    place = office.network.community("projets")
    bob, eve = office.network.person("bob"), office.network.person("eve")
    office.write("bob", "projets+join")
    office.answer("eve", office.told_to(bob)[0], bob, "YES")
    assert not office.belongs(place, bob) and not office.belongs(place, eve)
    assert office.words()[-1] == ("reject", "token_of_another")


def test_all_that_waited_for_their_coming_in_is_posted(office: Doorstep) -> None:
    place, other = office.network.community("projets"), office.network.community("atelier")
    bob = office.network.person("bob")
    for text in ("The first.", "The second."):
        office.write("bob", "projets", text)
        office.write("bob", "atelier", text)
    assert [result.flag for result in office.results()] == ["", "", "hushed", "hushed"]
    office.answer("bob", office.told_to(bob)[0], bob, "JOIN")
    office.work()
    assert office.belongs(place, bob) and not office.belongs(other, bob)
    assert sorted((words, where) for words, where, _ in office.posted()) == [
        ("The first.", place),
        ("The second.", place),
    ]


def test_an_answer_that_comes_too_late_is_told_so(office: Doorstep, clock: SetClock) -> None:
    place, bob = office.network.community("projets"), office.network.person("bob")
    office.write("bob", "projets+join")
    clock.now += timedelta(days=7)
    office.answer("bob", office.told_to(bob)[0], bob, "YES")
    assert not office.belongs(place, bob)
    late = office.told_to(bob)[-1]
    assert late.obeyed is not None and late.obeyed.result is Result.OVER and late.obeyed.communities == ("Projets",)


def test_who_cannot_come_in_like_this_is_told_why(office: Doorstep) -> None:
    closed, place = office.network.community("cercle", join=JoinPolicy.INVITE), office.network.community("projets")
    bob = office.network.person("bob")
    office.network.join(place, bob)
    for to in ("cercle+join", "projets+join"):
        office.write("bob", to)
    office.write("bob", "relais", "JOIN nowhere")
    results = [told.obeyed.result for told in office.told_to(bob) if told.obeyed]
    assert results == [Result.CLOSED, Result.IS_MEMBER, Result.NO_PLACE]
    assert not office.belongs(closed, bob)


def test_a_signed_mail_that_somebody_passes_on_asks_for_nothing(office: Doorstep) -> None:
    office.network.community("projets")
    bob = office.network.person("bob")
    raw = mail("bob", subject="Lunch", text="Today?", headers="To: carol@elsewhere.example\r\n")
    office.accept(raw, "projets+join", reverse_path="bob@people.example")
    office.work()
    assert office.words() == [("hold", "not_addressed")] and office.told_to(bob) == []


def test_what_answers_no_question_goes_to_people(office: Doorstep) -> None:
    office.network.community("projets")
    bob = office.network.person("bob")
    office.write("bob", "projets+join")
    office.answer("bob", office.told_to(bob)[0], bob, "What would I get?")
    assert office.words()[-1] == ("forward", "for_the_admins")


def results(notices: list[NoticeMail]) -> list[tuple[Verb, Result]]:
    """What answers to commands said."""
    return [(told.obeyed.verb, told.obeyed.result) for told in notices if told.obeyed]


# ── on request ───────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def atelier(office: Doorstep) -> tuple[int, int, int, int]:
    """A community on request with two managers, and bob outside of it."""
    place = office.network.community("atelier", join=JoinPolicy.REQUEST)
    ann, eve, bob = office.network.persons("ann", "eve", "bob")
    office.network.join(place, ann, eve, role=Role.MANAGER)
    return place, ann, eve, bob


@pytest.mark.parametrize(("word", "result", "is_in"), [("OUI", Result.GRANTED, True), ("NO", Result.REFUSED, False)])
def test_the_first_manager_decides_and_all_are_told(
    office: Doorstep, atelier: tuple[int, int, int, int], word: str, result: Result, is_in: bool
) -> None:
    place, ann, eve, bob = atelier
    office.write("bob", "atelier+join")
    assert results(office.told_to(bob)) == [(Verb.JOIN, Result.ASKED)]
    [to_ann], [to_eve] = office.told_to(ann), office.told_to(eve)
    assert to_ann.question and to_ann.question.asks is Asks.REQUEST and to_ann.circumstances
    assert to_ann.circumstances.who == "Bob" and to_ann.text == "" and to_ann.subject == ""
    office.answer("eve", to_eve, eve, word)
    assert office.belongs(place, bob) is is_in
    for manager in (ann, eve):
        assert results(office.told_to(manager)) == [(Verb.YES, result)]
    assert results(office.told_to(bob))[-1] == (Verb.JOIN, Result.DONE if is_in else Result.REFUSED)
    office.answer("ann", to_ann, ann, "YES")
    late = office.told_to(ann)[-1]
    assert late.obeyed and late.obeyed.result is Result.OVER and late.circumstances
    assert (late.circumstances.who, late.circumstances.by) == ("Bob", "Eve")
    assert office.belongs(place, bob) is is_in


def test_a_manager_has_to_be_proven(office: Doorstep, atelier: tuple[int, int, int, int]) -> None:
    place, ann, _, bob = atelier
    office.write("bob", "atelier+join")
    office.answer("ann", office.told_to(ann)[0], ann, "YES", proven=False)
    assert not office.belongs(place, bob) and office.words()[-1] == ("hold", "sender_not_proven")


def test_who_no_longer_runs_it_decides_nothing(office: Doorstep, atelier: tuple[int, int, int, int]) -> None:
    place, ann, _, bob = atelier
    office.write("bob", "atelier+join")
    with office.database.transaction() as tx:
        memberships.set_role(tx, place, ann, Role.MEMBER)
    office.answer("ann", office.told_to(ann)[0], ann, "YES")
    assert not office.belongs(place, bob)
    assert results(office.told_to(ann)) == [(Verb.YES, Result.NOT_ALLOWED)]


def test_managers_are_asked_once_about_one_request(office: Doorstep, atelier: tuple[int, int, int, int]) -> None:
    _, ann, _, _ = atelier
    for _ in range(3):
        office.write("bob", "atelier+join")
    assert len(office.told_to(ann)) == 1


# ── newcomers of the company ─────────────────────────────────────────────────────────────────────────────────────────

COMPANY = frozenset({"people.example"})


def person(office: Doorstep, name: str) -> Person | None:
    with office.database.reading() as tx:
        return people.find(tx, address.parse(f"{name}@people.example"))


def test_somebody_of_the_company_is_asked_before_they_are_anybody(office: Doorstep) -> None:
    office.rules = replace(RULES, registration=Registration(COMPANY))
    place = office.network.community("projets")
    office.write('"Zoé Lang" <zoe@people.example>', "projets+rejoindre")
    zoe = person(office, "zoe")
    assert zoe and (zoe.state, zoe.name, zoe.locale) == (PersonState.PENDING, "Zoé Lang", "fr")
    [asked] = office.told_to(zoe.id)
    office.answer("zoe", asked, zoe.id, "OUI", proven=False)
    now = person(office, "zoe")
    assert office.belongs(place, zoe.id) and now and now.state is PersonState.ACTIVE


@pytest.mark.parametrize("register", [Register.CONFIRM, Register.OPEN])
def test_a_post_of_a_newcomer_waits_for_one_word(office: Doorstep, register: Register) -> None:
    office.rules = replace(RULES, registration=Registration(COMPANY, register))
    place = office.network.community("projets")
    office.write("zoe", "projets", "Where do I find the plans?", subject="Plans")
    zoe = person(office, "zoe")
    assert zoe and office.posted() == []
    [back] = office.told_to(zoe.id)
    assert back.kind is NoticeKind.RETURNED and back.text == "Where do I find the plans?"
    office.answer("zoe", back, zoe.id, "JOIN")
    assert office.belongs(place, zoe.id)
    assert office.posted() == [("Where do I find the plans?", place, "Plans")]


def test_who_wrote_to_a_community_on_request_is_posted_once_let_in(
    office: Doorstep, atelier: tuple[int, int, int, int]
) -> None:
    place, ann, _, bob = atelier
    office.write("bob", "atelier", "May I?", subject="A lathe")
    office.answer("bob", office.told_to(bob)[0], bob, "rejoindre")
    assert office.posted() == []
    office.answer("ann", office.told_to(ann)[0], ann, "yes")
    assert office.posted() == [("May I?", place, "A lathe")]


@pytest.mark.parametrize("register", [Register.CONFIRM, Register.CLOSED])
def test_nobody_else_is_registered_or_answered(office: Doorstep, register: Register) -> None:
    """The same for a stranger and where nobody comes in by writing: people read it, and no address is tried out."""
    domains = COMPANY if register is Register.CLOSED else frozenset({"company.example"})
    office.rules = replace(RULES, registration=Registration(domains, register))
    ann, place = office.network.person("ann", role=NetworkRole.ADMIN), office.network.community("projets")
    office.network.join(place, ann, role=Role.MANAGER)
    office.write("zoe", "projets+join")
    office.write("zoe", "projets", "Let me in.")
    office.write("zoe", "relais", "JOIN nowhere")
    office.write("zoe", "projets+join", proven=False)
    assert person(office, "zoe") is None
    assert {reader for reader, _, _ in office.told()} == {ann}
    assert [reason for _, reason in office.words()] == [
        *("for_the_admins", "sender_unknown", "for_the_admins", "sender_not_proven")
    ]


def test_open_registration_asks_nothing(office: Doorstep) -> None:
    office.rules = replace(RULES, registration=Registration(COMPANY, Register.OPEN))
    place = office.network.community("projets")
    office.write("zoe", "projets+join")
    zoe = person(office, "zoe")
    assert zoe and zoe.state is PersonState.ACTIVE and office.belongs(place, zoe.id)


def test_our_own_addresses_are_nobody(office: Doorstep) -> None:
    ours = Ours(DOMAIN, "+", frozenset({"shared@people.example"}))
    office.rules = replace(RULES, registration=Registration(COMPANY | {DOMAIN}, Register.OPEN, ours=ours))
    place, ann = office.network.community("projets"), office.network.person("ann")
    office.network.join(place, ann)
    office.write("shared", "projets+join")
    office.write("shared+projets", "projets+join")
    own = mail(f"achats@{DOMAIN}", message_id="<o1@people.example>").replace(
        b"header.from=people", b"header.from=relais"
    )
    office.post(own, "projets+join", reverse_path=f"achats@{DOMAIN}")
    for address_of_ours in ("shared@people.example", f"achats@{DOMAIN}", f"relais+x@{DOMAIN}"):
        office.write("ann", "relais", f"INVITE {address_of_ours} projets")
    with office.database.reading() as tx:
        assert tx.scalars(select(people_rows.c.address)).all() == ["ann@people.example"]
    assert {told.obeyed.result for told in office.told_to(ann) if told.obeyed} == {Result.FOREIGN}


def test_however_often_an_address_asks_it_is_asked_once_a_day(office: Doorstep, clock: SetClock) -> None:
    office.rules = replace(RULES, registration=Registration(COMPANY))
    office.network.community("projets")
    for _ in range(30):
        clock.advance(minutes=20)
        office.write("zoe", "projets+join")
    zoe = person(office, "zoe")
    assert zoe and len(office.told_to(zoe.id)) == 1


@pytest.mark.parametrize(
    ("written", "name"),
    [
        ("Zoé Lang", "Zoé Lang"),
        ("J.-P. d'Arc", "J.-P. d'Arc"),
        ("Jean-Luc O’Neil", "Jean-Luc O’Neil"),
        ("Win at https://x.example", ""),
        ("a" * 61, ""),
        ("Click here now or lose it all today", ""),
    ],
)
def test_only_what_looks_like_a_name_is_one(written: str, name: str) -> None:
    assert registering.name_of(written) == name


# ── invitations ──────────────────────────────────────────────────────────────────────────────────────────────────────


def test_an_invitation_is_answered_and_that_is_all(office: Doorstep) -> None:
    office.rules = replace(RULES, registration=Registration(COMPANY))
    place, ann = office.network.community("projets"), office.network.person("ann", locale="fr")
    office.network.join(place, ann)
    office.write("ann", "relais", "INVITE zoe@people.example projets")
    zoe = person(office, "zoe")
    assert zoe and (zoe.state, zoe.locale) == (PersonState.PENDING, "fr")
    [asked] = office.told_to(zoe.id)
    assert asked.question and asked.question.asks is Asks.INVITATION
    assert asked.circumstances and asked.circumstances.who == "Ann"
    office.answer("zoe", asked, zoe.id, "Yes")
    assert office.belongs(place, zoe.id)


def test_the_inviter_learns_nothing_of_an_address(office: Doorstep) -> None:
    office.rules = replace(RULES, registration=Registration(COMPANY))
    place, (ann, bob, eve, carl) = (
        office.network.community("projets"),
        office.network.persons("ann", "bob", "eve", "carl"),
    )
    office.network.join(place, ann, bob)
    office.network.suspend(eve)
    for name in ("zoe", "bob", "eve", "carl", "zoe"):
        office.write("ann", "relais", f"INVITE {name}@people.example projets")
    assert results(office.told_to(ann)) == [(Verb.INVITE, Result.ASKED)] * 5
    assert office.told_to(bob) == [] and office.told_to(eve) == [] and len(office.told_to(carl)) == 1


def test_invitations_are_bounded_by_inviter_and_by_address(office: Doorstep, clock: SetClock) -> None:
    office.rules = replace(RULES, registration=Registration(COMPANY))
    ann = office.network.person("ann")
    for number in range(25):
        office.network.join(office.network.community(f"place{number}"), ann)
        office.write("ann", "relais", f"INVITE zoe@people.example place{number}")
    zoe = person(office, "zoe")
    assert zoe and len(office.told_to(zoe.id)) == 1
    for number in range(25):
        office.write("ann", "relais", f"INVITE new{number}@people.example place0")
    said = [result for _, result in results(office.told_to(ann))]
    assert said.count(Result.TOO_MANY) == 25 - (inviting.MOST_OF_ONE_A_DAY - 1)


@pytest.mark.parametrize(
    ("join", "role", "result"),
    [
        (JoinPolicy.OPEN, None, Result.NO_PLACE),
        (JoinPolicy.OPEN, Role.MEMBER, Result.ASKED),
        (JoinPolicy.REQUEST, Role.MEMBER, Result.NOT_ALLOWED),
        (JoinPolicy.INVITE, Role.CHAMPION, Result.NOT_ALLOWED),
        (JoinPolicy.INVITE, Role.MANAGER, Result.ASKED),
    ],
)
def test_who_may_invite(office: Doorstep, join: JoinPolicy, role: Role | None, result: Result) -> None:
    office.rules = replace(RULES, registration=Registration(COMPANY))
    place, ann = office.network.community("projets", join=join), office.network.person("ann")
    if role:
        office.network.join(place, ann, role=role)
    office.write("ann", "relais", "INVITE zoe@people.example projets")
    assert results(office.told_to(ann)) == [(Verb.INVITE, result)]
    office.write("ann", "relais", "INVITE zoe@elsewhere.example projets")
    assert person(office, "zoe") is None or result is Result.ASKED


# ── leaving ──────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("to", "text"),
    [("projets+quitter", ""), ("projets+stop", ""), ("relais", "LEAVE projets"), ("relais", "STOP projets")],
)
def test_whoever_leaves_is_gone_at_once_and_back_by_one_word(office: Doorstep, to: str, text: str) -> None:
    place, bob = office.network.community("projets"), office.network.person("bob")
    office.network.join(place, bob, role=Role.CHAMPION, pace=Pace.WEEKLY)
    office.write("bob", to, text)
    assert not office.belongs(place, bob)
    [left] = office.told_to(bob)
    assert results([left]) == [(Verb.LEAVE, Result.DONE)]
    office.answer("bob", left, bob, "ANNULER")
    with office.database.reading() as tx:
        assert memberships.get_all(tx, [(place, bob)])[place, bob] == Membership(place, bob, Role.CHAMPION, Pace.WEEKLY)


def test_what_was_posted_between_leaving_and_coming_back_is_due(office: Doorstep) -> None:
    place, (ann, bob) = office.network.community("projets"), office.network.persons("ann", "bob")
    office.network.join(place, ann, bob)
    office.write("bob", "projets+leave")
    office.network.write(ann, place)
    office.answer("bob", office.told_to(bob)[0], bob, "CANCEL")
    with office.database.reading() as tx:
        owed = select(membership_rows.c.catch_up_from, membership_rows.c.digest_through)
        assert tx.execute(owed.where(membership_rows.c.person_id == bob)).one() == (0, 1)


def test_stop_without_a_place_silences_all_and_ends_nothing(office: Doorstep) -> None:
    places = [office.network.community(name) for name in ("projets", "achats")]
    bob = office.network.person("bob")
    for place in places:
        office.network.join(place, bob)
    office.write("bob", "relais", "STOP")
    assert all(office.belongs(place, bob) for place in places)
    [told] = office.told_to(bob)
    assert told.obeyed and told.obeyed.verb is Verb.STOP and len(told.obeyed.communities) == 2


def test_nobody_leaves_what_everybody_belongs_to(office: Doorstep) -> None:
    place, bob = office.network.community("annonces"), office.network.person("bob")
    office.network.join(place, bob)
    with office.database.transaction() as tx:
        found = communities.find(tx, "annonces")
        assert found
        communities.change(tx, replace(found, mandatory=True))
    office.write("bob", "annonces+stop")
    assert office.belongs(place, bob)
    assert results(office.told_to(bob)) == [(Verb.LEAVE, Result.MANDATORY)]
    office.answer("bob", office.told_to(bob)[0], bob, "WEEKLY")
    with office.database.transaction() as tx:
        assert memberships.get_all(tx, [(place, bob)])[place, bob].pace is Pace.WEEKLY
        assert leaving.leave(tx, place, bob, office.clock())
        assert memberships.get_all(tx, [(place, bob)])[place, bob].pace is Pace.WEEKLY


# ── reading back ─────────────────────────────────────────────────────────────────────────────────────────────────────


def test_the_welcome_shows_the_best_topics(office: Doorstep) -> None:
    place = office.network.community("projets")
    ann, eve, bob = office.network.persons("ann", "eve", "bob")
    office.network.join(place, ann, eve)
    posts = [office.network.write(ann, place)[0] for _ in range(5)]
    office.network.write(eve, place, answering=posts[1])
    office.write("bob", "projets+join")
    office.answer("bob", office.told_to(bob)[0], bob, "YES")
    welcome = office.told_to(bob)[-1]
    assert [post.topic.topic_id for post in welcome.read if post.topic] == [2, 5, 4]
    assert welcome.read[0].answers == 1 and welcome.read[0].post_id == 6


def test_the_last_posts_are_read_by_members_alone(office: Doorstep) -> None:
    place, (ann, bob) = office.network.community("projets"), office.network.persons("ann", "bob")
    office.network.join(place, ann)
    for _ in range(4):
        office.network.write(ann, place)
    office.write("ann", "relais", "LAST 3 projets")
    office.write("bob", "relais", "LAST 3 projets")
    [read] = office.told_to(ann)
    assert [post.text for post in read.read] == ["Words 2", "Words 3", "Words 4"]
    assert results(office.told_to(bob)) == [(Verb.LAST, Result.NO_PLACE)]
