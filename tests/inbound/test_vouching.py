"""Authors say of their own mails that they are theirs, or go out lighter; nobody else can, and nobody is flooded."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from gateway.core.community import PostPolicy, Role
from gateway.core.notice import NoticeMail
from gateway.core.token import Purpose
from inbound.actions.vouching import MOST_AN_HOUR
from store import audit, notices, past_mails
from store.audit import Filter
from store.schema import attachments
from store.schema import notices as notice_rows
from tests.inbound.mails import multipart, part
from tests.inbound.post_office import PROVEN, PostOffice, mail
from tests.network import KEYS


class Place:
    """Projets of ann, bob and its manager cleo."""

    def __init__(self, office: PostOffice) -> None:
        self.office = office
        self.projets = office.network.community("projets")
        self.ann, self.bob, self.cleo = office.network.persons("ann", "bob", "cleo")
        office.network.join(self.projets, self.ann, self.bob)
        office.network.join(self.projets, self.cleo, role=Role.MANAGER)

    def told(self, person_id: int) -> list[NoticeMail]:
        with self.office.database.reading() as tx:
            query = select(notice_rows.c.id).where(notice_rows.c.person_id == person_id).order_by(notice_rows.c.id)
            ids = list(tx.scalars(query))
            found = notices.get_all(tx, ids, limit_bytes=5000)
        return [found[i] for i in ids]

    def answer(self, word: str, asked: NoticeMail, who: str = "ann", *, proven: bool = False) -> str:
        """The reason of the verdict on a word in answer to a question to ann."""
        token = KEYS.sign(Purpose.ANSWER, (asked.id, self.ann), issued=self.office.clock())
        number = len(self.office.results())
        raw = mail(who, text=word, message_id=f"<a{number}@people.example>", proven=proven)
        result = self.office.post(raw, f"answer+{token}", reverse_path=f"{who}@people.example")
        return result.reason or ""

    def heavy(self, text: bytes = b"The film is attached.") -> bytes:
        """A mail of ann with a file above the limit and a light one."""
        film = part("video/mp4", b"0" * 6000, "Content-Disposition: attachment; filename=film.mp4")
        plan = part("application/pdf", b"a plan", "Content-Disposition: attachment; filename=plan.pdf")
        head = b"From: ann@people.example\r\nSubject: Film\r\nMessage-ID: <h@people.example>\r\n"
        return PROVEN.encode() + head + multipart("mixed", part("text/plain; charset=utf-8", text), film, plan)

    def acts(self) -> list[tuple[str, str]]:
        with self.office.database.reading() as tx:
            return [(act.act, act.actor) for act in audit.listing(tx, Filter(), 9)]


@pytest.fixture
def place(office: PostOffice) -> Place:
    return Place(office)


def test_the_author_is_asked_with_none_of_the_words(place: Place) -> None:
    place.office.post(mail(proven=False, subject="BUY NOW", text="at evil.example"), "projets")
    [asked] = place.told(place.ann)
    assert asked.question and (asked.question.asks.value, asked.question.arrival_id) == ("mine", 1)
    assert (asked.subject, asked.text, asked.files, asked.in_reply_to, asked.sent_to) == ("", "", (), "", "")


def test_yes_from_their_mailbox_posts_it(place: Place) -> None:
    place.office.post(mail(proven=False), "projets")
    [asked] = place.told(place.ann)
    assert place.answer("Oui", asked) == "command"
    place.office.work()
    assert place.office.words()[0] == ("publish", "member_post") and len(place.office.posted()) == 1
    assert [told.question.asks.value for told in place.told(place.ann) if told.question] == ["mine", "withdraw"]
    place.answer("NON", asked)
    late = place.told(place.ann)[-1].obeyed
    assert late and late.result.value == "over"


def test_no_throws_it_away(place: Place) -> None:
    place.office.post(mail(proven=False), "projets")
    [asked] = place.told(place.ann)
    place.answer("no", asked)
    assert place.office.results()[0].state == "closed" and place.office.posted() == []
    assert place.acts() == [("mail_dropped", "ann@people.example")]
    place.answer("YES", asked)
    place.office.work()
    assert place.office.posted() == []


def test_owning_a_mail_is_no_way_round_those_who_run_the_place(place: Place) -> None:
    calm = place.office.network.community("calm", post=PostPolicy.MODERATED)
    place.office.network.join(calm, place.ann)
    place.office.network.join(calm, place.cleo, role=Role.MANAGER)
    place.office.post(mail(proven=False), "calm")
    place.answer("YES", place.told(place.ann)[0])
    place.office.work()
    assert place.office.results()[0].reason == "moderated"
    [asked] = place.told(place.cleo)
    assert asked.question and asked.question.asks.value == "moderate"


def test_somebody_elses_yes_counts_nothing(place: Place) -> None:
    place.office.post(mail(proven=False), "projets")
    [asked] = place.told(place.ann)
    assert place.answer("YES", asked, "bob", proven=True) == "token_of_another"
    assert place.answer("YES", asked, "bob") == "sender_not_proven"
    assert place.office.results()[0].state == "held"


@pytest.mark.parametrize(
    "raw",
    [
        mail("eve@elsewhere.example", proven=False),
        mail(proven=False, headers="Precedence: bulk\r\n"),
        mail(proven=False, headers="To: somebody@elsewhere.example\r\n"),
    ],
    ids=["stranger", "bulk", "to-others"],
)
def test_who_must_not_be_answered_is_not_asked(place: Place, raw: bytes) -> None:
    place.office.post(raw, "projets")
    assert place.office.results()[0].state == "held" and place.office.told() == []


def test_null_sender_is_not_asked(place: Place) -> None:
    place.office.post(mail(proven=False), "projets", reverse_path="")
    assert place.office.told() == []


def test_nobody_is_asked_twice_a_day_or_about_places_not_theirs(place: Place) -> None:
    other = place.office.network.community("other")
    place.office.post(mail(proven=False, message_id="<x0@people.example>"), "other")
    assert other and place.office.told() == []
    for number in range(1, 4):
        place.office.post(mail(proven=False, message_id=f"<x{number}@people.example>"), "projets")
    assert len(place.told(place.ann)) == 1
    place.office.clock.advance(days=1)
    place.office.post(mail(proven=False, message_id="<x9@people.example>"), "projets")
    assert len(place.told(place.ann)) == 2


def test_a_domain_is_asked_so_much_an_hour_and_no_more(place: Place) -> None:
    names = [f"p{number}" for number in range(MOST_AN_HOUR + 5)]
    place.office.network.join(place.projets, *place.office.network.persons(*names))
    for name in names:
        raw = mail(name, proven=False, message_id=f"<{name}@people.example>")
        place.office.post(raw, "projets", reverse_path=f"{name}@people.example")
    assert len(place.office.told()) == MOST_AN_HOUR


def test_text_posts_it_without_what_was_too_large(place: Place) -> None:
    assert place.office.post(place.heavy(), "projets").reason == "attachment_too_large"
    [back] = place.told(place.ann)
    assert back.kind.value == "returned" and back.question and back.question.asks.value == "lighter"
    place.answer("TEXTE", back, proven=True)
    place.office.work()
    assert [text for text, _, _ in place.office.posted()] == ["The film is attached."]
    with place.office.database.reading() as tx:
        assert tx.scalars(select(attachments.c.name)).all() == ["plan.pdf"]
    out = place.told(place.ann)[-1].question
    assert out and (out.asks.value, out.taken_off) == ("withdraw", ("film.mp4",))
    place.answer("TEXT", back, proven=True)
    late = place.told(place.ann)[-1].obeyed
    assert late and late.result.value == "over" and len(place.office.posted()) == 1


def test_nothing_is_offered_where_no_words_are_left(place: Place) -> None:
    place.office.post(place.heavy(b""), "projets")
    [back] = place.told(place.ann)
    assert back.question is None


def test_too_late_for_what_is_no_longer_kept(place: Place) -> None:
    place.office.post(place.heavy(), "projets")
    [back] = place.told(place.ann)
    with place.office.database.transaction() as tx:
        past_mails.forget_bytes(tx, place.office.clock.advance(days=40), 10)
    place.answer("TEXT", back, proven=True)
    late = place.told(place.ann)[-1].obeyed
    assert late and late.result.value == "over" and place.office.posted() == []
