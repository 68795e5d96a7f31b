"""Mails that wait are asked about one by one, the first answer counts, and everybody learns what came of it."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
from sqlalchemy import select, update

from digests import reviews, waiting
from digests.waiting import Origin
from gateway.core.community import NetworkRole, PersonState, PostPolicy, Role
from gateway.core.notice import NoticeMail
from gateway.core.token import Purpose
from inbound.actions.moderating import MOST_AN_HOUR
from store import audit, memberships, notices
from store.audit import Filter
from store.schema import attachments, people
from store.schema import notices as notice_rows
from tests.inbound.mails import multipart, part
from tests.inbound.post_office import PROVEN, PostOffice, Result, mail
from tests.network import DOMAIN, KEYS

ORIGIN = Origin(DOMAIN, KEYS.current)


@dataclass
class Place:
    """Projets is moderated: ann writes, bob and cleo run it, dan is nobody there, root administrates."""

    office: PostOffice
    projets: int
    ann: int
    bob: int
    cleo: int
    dan: int
    root: int

    def write(self, number: int = 1, text: str = "Who comes along on Friday?", **more: str) -> Result:
        raw = mail("ann", text=text, message_id=f"<m{number}@people.example>", **more)
        return self.office.post(raw, "projets")

    def notices(self, person_id: int) -> list[NoticeMail]:
        """What this person was told and asked, oldest first."""
        with self.office.database.reading() as tx:
            query = select(notice_rows.c.id).where(notice_rows.c.person_id == person_id).order_by(notice_rows.c.id)
            ids = list(tx.scalars(query))
            found = notices.get_all(tx, ids, limit_bytes=5000)
        return [found[i] for i in ids]

    def answer(self, who: str, word: str, question: NoticeMail, *, reader: int, proven: bool = True) -> Result:
        """Answers a question from somebody's mailbox, with the token that was made for `reader`."""
        token = KEYS.sign(Purpose.ANSWER, (question.id, reader), issued=self.office.clock())
        number = len(self.office.results())
        raw = mail(who, subject="Re: To review", text=word, message_id=f"<a{number}@people.example>", proven=proven)
        return self.office.post(raw, f"answer+{token}", reverse_path=f"{who}@people.example")

    def say(self, who: str, word: str) -> Result:
        """Writes a word to relais@."""
        raw = mail(who, subject="", text=word, message_id=f"<s{len(self.office.results())}@people.example>")
        return self.office.post(raw, "relais", reverse_path=f"{who}@people.example")

    def acts(self) -> list[tuple[str, str, str]]:
        with self.office.database.reading() as tx:
            return [(act.act, act.actor, act.detail) for act in reversed(audit.listing(tx, Filter(), 50))]

    def tick(self) -> tuple[int, int]:
        """(questions asked again, mails expired), as the scheduler does it."""
        with self.office.database.transaction() as tx:
            asked = reviews.remind(tx, ORIGIN, self.office.clock())
            expired = reviews.expire(tx, ORIGIN, self.office.clock())
        self.office.work()
        return asked, expired

    def told_in_bulk(self) -> int:
        with self.office.database.transaction() as tx:
            return waiting.tell(tx, ORIGIN, self.office.clock())


@pytest.fixture
def place(office: PostOffice) -> Place:
    network = office.network
    projets = network.community("projets", post=PostPolicy.MODERATED)
    ann, bob, cleo, dan = network.persons("ann", "bob", "cleo", "dan")
    [root] = network.persons("root", role=NetworkRole.ADMIN)
    network.join(projets, ann)
    network.join(projets, bob, cleo, role=Role.MANAGER)
    return Place(office, projets, ann, bob, cleo, dan, root)


def test_each_manager_is_asked_with_the_whole_mail_and_its_files(place: Place) -> None:
    plan = part("application/pdf", b"a plan", "Content-Disposition: attachment; filename=plan.pdf")
    words = part("text/plain; charset=utf-8", b"First line.\n\nLast line.")
    raw = PROVEN.encode() + b"From: ann@people.example\r\nSubject: Plans\r\nMessage-ID: <p@people.example>\r\n"
    assert place.office.post(raw + multipart("mixed", words, plan), "projets").reason == "moderated"
    for person in (place.bob, place.cleo):
        [asked] = place.notices(person)
        assert asked.question and asked.question.arrival_id == 1 and asked.reference == "A-1"
        assert (asked.subject, asked.text, asked.reason.value) == ("Plans", "First line.\n\nLast line.", "moderated")
        assert [(file.name, bool(file.sha256)) for file in asked.files] == [("plan.pdf", True)]
        assert asked.author and asked.author.name == "Ann" and not asked.is_answer
    assert [told.kind.value for told in place.notices(place.ann)] == ["waiting"]
    assert place.notices(place.root) == [] and place.told_in_bulk() == 0


def test_the_first_answer_counts_and_the_others_are_told(place: Place) -> None:
    place.write()
    [bobs], [cleos] = place.notices(place.bob), place.notices(place.cleo)
    assert place.answer("bob", "Publier", bobs, reader=place.bob).reason == "command"
    place.office.work()
    assert place.office.results()[0].verdict == "publish" and len(place.office.posted()) == 1
    _, done = place.notices(place.bob)
    _, heard = place.notices(place.cleo)
    assert done.obeyed and (done.obeyed.result.value, done.obeyed.by_id) == ("done", None)
    assert heard.obeyed and (heard.obeyed.by_id, heard.obeyed.verb.value) == (place.bob, "approve")
    assert heard.in_reply_to == cleos.message_id
    place.answer("cleo", "REFUSER trop long", cleos, reader=place.cleo)
    late = place.notices(place.cleo)[-1].obeyed
    assert late and (late.result.value, late.verb.value, late.by_id) == ("over", "approve", place.bob)
    assert len(place.office.posted()) == 1
    assert place.acts() == [("mail_published", "bob@people.example", "")]


@pytest.mark.parametrize(
    ("said", "word"),
    [
        ("Oui", "publish"),
        ("Yes, please", "publish"),
        ("Bonjour,\n\nPUBLIER\n\nCordialement,\nBob", "publish"),
        ("Non", "reject"),
        ("REFUSER trop long\n\nBob", "reject"),
    ],
)
def test_it_is_answered_as_people_answer(place: Place, said: str, word: str) -> None:
    place.write()
    [question] = place.notices(place.bob)
    assert place.answer("bob", said, question, reader=place.bob).reason == "command"
    place.office.work()
    assert place.office.results()[0].verdict == word
    assert [words for _, _, words in place.acts()] == ["trop long" if "trop" in said else ""]


def test_what_is_no_word_decides_nothing(place: Place) -> None:
    place.write()
    [question] = place.notices(place.bob)
    assert place.answer("bob", "Oui ?\n\nBob", question, reader=place.bob).reason == "for_the_admins"
    assert place.answer("bob", "Publier\n\nMais pas avant lundi.", question, reader=place.bob).verdict == "forward"
    assert place.office.results()[0].state == "held"


def test_a_refused_mail_goes_back_whole_with_the_reason(place: Place) -> None:
    place.write(text="All of it.\n\nTo the end.")
    [asked] = place.notices(place.bob)
    place.answer("bob", "REJECT: wrong community,\nask in achats", asked, reader=place.bob)
    place.office.work()
    _, back = place.notices(place.ann)
    assert (back.kind.value, back.reason.value) == ("returned", "refused")
    assert (back.text, back.words) == ("All of it.\n\nTo the end.", "wrong community,\nask in achats")
    assert place.office.results()[0].state == "closed" and place.office.posted() == []
    assert place.acts() == [("mail_refused", "bob@people.example", "wrong community,\nask in achats")]


def test_each_refusal_is_told_also_within_the_hour(place: Place) -> None:
    for number in (1, 2):
        place.write(number)
    for asked in place.notices(place.bob):
        place.answer("bob", "refuser", asked, reader=place.bob)
    place.office.work()
    assert [n.reason.value for n in place.notices(place.ann) if n.kind.value == "returned"] == ["refused", "refused"]


def test_a_manager_may_also_name_the_number(place: Place) -> None:
    place.write(1)
    place.write(2)
    place.say("bob", "APPROVE 2")
    place.say("root", "REFUSER 1 hors sujet")
    place.office.work()
    assert [result.verdict for result in place.office.results()[:2]] == ["reject", "publish"]
    assert len(place.office.posted()) == 1


@pytest.mark.parametrize(("who", "number"), [("ann", 1), ("dan", 1), ("bob", 77)])
def test_nobody_else_learns_what_waits(place: Place, who: str, number: int) -> None:
    place.write()
    place.say(who, f"APPROVE {number}")
    told = place.notices({"ann": place.ann, "dan": place.dan, "bob": place.bob}[who])[-1].obeyed
    assert told and (told.result.value, told.communities, told.topic_title) == ("no_place", (), "")
    assert place.office.results()[0].state == "held" and place.acts() == []


def test_a_stolen_question_publishes_nothing(place: Place) -> None:
    place.write()
    [asked] = place.notices(place.bob)
    assert place.answer("dan", "APPROVE", asked, reader=place.bob).reason == "token_of_another"
    assert place.answer("bob", "APPROVE", asked, reader=place.bob, proven=False).reason == "sender_not_proven"
    # Nobody is asked whether an answer to a question goes out.
    assert len(place.notices(place.cleo)) == 1
    assert place.office.results()[0].state == "held"


def test_who_is_no_manager_any_more_decides_nothing(place: Place) -> None:
    place.write()
    [asked] = place.notices(place.bob)
    with place.office.database.transaction() as tx:
        memberships.set_role(tx, place.projets, place.bob, Role.MEMBER)
    place.answer("bob", "APPROVE", asked, reader=place.bob)
    assert place.office.results()[0].state == "held"


def test_an_unproven_author_is_not_published_by_mail(place: Place) -> None:
    raw = mail("ann", proven=False)
    assert place.office.post(raw, "projets").reason == "sender_not_proven"
    assert place.notices(place.bob) == []
    place.say("bob", "APPROVE 1")
    told = place.notices(place.bob)[-1].obeyed
    assert told and told.result.value == "not_allowed"
    assert place.office.results()[0].state == "held" and place.told_in_bulk() == 2


def test_a_flood_is_told_of_in_one_mail(place: Place) -> None:
    for number in range(MOST_AN_HOUR + 3):
        place.write(number)
    assert len(place.notices(place.bob)) == MOST_AN_HOUR
    assert place.told_in_bulk() == 2
    assert place.notices(place.bob)[-1].waiting == 3


def test_what_nobody_answers_is_asked_once_more_and_goes_back(place: Place) -> None:
    place.write(text="My plan.")
    assert place.tick() == (0, 0)
    place.office.clock.advance(days=1, seconds=1)
    assert place.tick() == (2, 0) and place.tick() == (0, 0)
    first, again = place.notices(place.bob)
    assert again.question and again.question.again and again.in_reply_to == first.message_id
    assert (again.text, again.reference) == (first.text, first.reference)
    place.office.clock.advance(days=6)
    assert place.tick() == (0, 1) and place.tick() == (0, 0)
    back = place.notices(place.ann)[-1]
    assert (back.kind.value, back.reason.value, back.text) == ("returned", "expired", "My plan.")
    assert place.acts() == [("mail_expired", "relais", "")]
    place.answer("cleo", "PUBLIER", first, reader=place.bob)
    place.answer("bob", "PUBLIER", first, reader=place.bob)
    late = place.notices(place.bob)[-1].obeyed
    assert late and (late.result.value, late.by_id) == ("over", None)
    assert place.office.posted() == []


def test_the_answer_to_a_reminder_counts_too(place: Place) -> None:
    place.write()
    place.office.clock.advance(days=2)
    place.tick()
    place.answer("bob", "PUBLIER", place.notices(place.bob)[-1], reader=place.bob)
    place.office.work()
    assert len(place.office.posted()) == 1
    place.office.clock.advance(days=30)
    assert place.tick() == (0, 0)


def test_what_is_held_for_another_reason_then_is_not_sent_back_again_and_again(place: Place) -> None:
    place.write()
    with place.office.database.transaction() as tx:
        tx.execute(update(people).where(people.c.id == place.ann).values(state=PersonState.SUSPENDED.value))
    place.office.clock.advance(days=8)
    assert place.tick()[1] == 1 and place.tick()[1] == 0
    assert place.office.results()[0].reason == "suspended"
    with place.office.database.transaction() as tx:
        tx.execute(update(people).where(people.c.id == place.ann).values(state=PersonState.ACTIVE.value))
    place.office.publish(1)
    assert len(place.office.posted()) == 1


def test_what_cannot_go_back_waits_on(place: Place) -> None:
    subject = "Out of office: support on Monday"
    assert place.write(subject=subject, text="I am out on Monday. Tom will cover.").reason == "looks_automatic"
    [asked] = place.notices(place.bob)
    place.office.clock.advance(days=8)
    assert place.tick()[1] == 1 and place.tick()[1] == 0
    assert (place.office.results()[0].state, place.office.results()[0].flag) == ("held", "not_told")
    assert place.notices(place.ann) == [] and place.told_in_bulk() == 2
    assert asked.reason.value == "looks_automatic"


def test_without_another_manager_the_administrators_are_asked(place: Place) -> None:
    calm = place.office.network.community("calm")
    place.office.network.join(calm, place.ann, role=Role.MANAGER)
    exe = part("application/octet-stream", b"MZ", "Content-Disposition: attachment; filename=setup.exe")
    words = part("text/plain; charset=utf-8", b"Run this.")
    raw = PROVEN.encode() + b"From: ann@people.example\r\nSubject: Tool\r\nMessage-ID: <p@people.example>\r\n"
    assert place.office.post(raw + multipart("mixed", words, exe), "calm").reason == "file_type"
    [asked] = place.notices(place.root)
    assert asked.question and asked.question.taken_off == ("setup.exe",) and asked.files == ()
    place.say("root", "APPROVE 1")
    place.office.work()
    assert [text for text, _, _ in place.office.posted()] == ["Run this."]
    with place.office.database.reading() as tx:
        assert tx.scalars(select(attachments.c.name)).all() == []


def test_the_first_message_of_everybody_is_read_and_no_other(office: PostOffice) -> None:
    network = office.network
    fresh = network.community("fresh", post=PostPolicy.FIRST)
    ann, bob = network.persons("ann", "bob")
    network.join(fresh, ann)
    network.join(fresh, bob, role=Role.MANAGER)
    assert office.post(mail(), "fresh").reason == "first_post"
    office.publish(1)
    assert office.post(mail(message_id="<m2@people.example>", subject="Two"), "fresh").verdict == "publish"
    bobs = mail("bob", message_id="<m3@people.example>")
    assert office.post(bobs, "fresh", reverse_path="bob@people.example").verdict == "publish"


def test_what_was_hushed_is_counted_in_the_next(place: Place) -> None:
    for number in (1, 2, 3):
        place.write(number)
        place.office.clock.advance(minutes=1)
    [told] = place.notices(place.ann)
    assert (told.kind.value, told.waiting) == ("waiting", 0)
    place.office.clock.advance(hours=2)
    place.write(4)
    assert place.notices(place.ann)[-1].waiting == 2
    place.office.clock.advance(hours=2)
    place.write(5)
    assert place.notices(place.ann)[-1].waiting == 0
