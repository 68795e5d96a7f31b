"""A digest is answered under two of its topics, and each answer stands in its own."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from sqlalchemy import select

from gateway.core.community import Choice, Pace
from gateway.core.digest import PartState
from gateway.core.notice import NoticeKind
from store import paces
from store.database import Database
from store.schema import memberships, people, posts, thanks, topic_choices
from tests.inbound.post_office import PROVEN
from tests.journeys.correspondence import Correspondence, PartRow, quoted, under
from tests.network import SetClock


@pytest.fixture
def office(database: Database, clock: SetClock, tmp_path: Path) -> Correspondence:
    """ann has written two topics to a daily community, bob is about to read of them."""
    office = Correspondence(database, clock, tmp_path / "blobs")
    network = office.network
    place = network.community("projets", pace=Pace.DAILY)
    ann, bob = network.person("ann", locale="fr"), network.person("bob", locale="fr")
    network.join(place, ann, bob)
    office.paper.round()
    for _ in range(2):
        network.write(ann, place)
    office.morning()
    return office


BOB = 2


def test_answers_under_two_topics_go_to_each(office: Correspondence) -> None:
    digest = office.digest_of("bob")
    office.answer("bob", digest, under(digest, {1: "Je viens vendredi avec Paul.", 2: "Non, plutôt lundi matin."}))
    assert office.words() == [("share_out", "digest_answer")]
    assert sorted((p.topic_id, p.state, p.text) for p in office.parts()) == [
        (1, PartState.POSTED, "Je viens vendredi avec Paul."),
        (2, PartState.POSTED, "Non, plutôt lundi matin."),
    ]
    assert {("Je viens vendredi avec Paul.", 1, "Subject 1"), ("Non, plutôt lundi matin.", 1, "Subject 2")} <= set(
        office.posted()
    )
    [receipt] = office.notices_to(BOB)
    assert receipt.kind is NoticeKind.RECEIPT
    assert [(line.number, line.topic_title, line.community) for line in receipt.lines]
    assert office.results()[-1].state == "closed"


def test_the_same_mail_twice_is_one_answer(office: Correspondence) -> None:
    digest = office.digest_of("bob")
    text = under(digest, {1: "Je viens vendredi avec Paul."})
    office.answer("bob", digest, text)
    office.answer("bob", digest, text)
    assert office.words()[-1] == ("discard", "duplicate")
    assert len(office.parts()) == 1


def test_a_top_post_is_asked_about_and_placed_by_a_number(office: Correspondence) -> None:
    digest = office.digest_of("bob")
    office.answer("bob", digest, "Bonne idée, je suis partant.\n\n" + "\n".join(quoted(digest)))
    assert office.parts() == [PartRow(1, PartState.ASKED, None, "Bonne idée, je suis partant.")]
    before = len(office.posted())
    [receipt] = office.notices_to(BOB)
    assert {choice.topic_id for choice in receipt.choices} == {1, 2}
    [question] = office.mails()["bob@people.example"]
    office.answer("bob", question, "2\n\n" + "\n".join(quoted(question)), number=2)
    assert office.words()[-1] == ("obey", "command")
    assert office.parts() == [PartRow(1, PartState.POSTED, 2, "Bonne idée, je suis partant.")]
    assert office.posted()[before:] == [("Bonne idée, je suis partant.", 1, "Subject 2")]


@pytest.mark.parametrize("said", ["Dans celui des menus, merci.", "99", "DÉPLACER 7 #2", "oui " * 400])
def test_prose_in_answer_to_a_receipt_is_asked_about_once(office: Correspondence, said: str) -> None:
    digest = office.digest_of("bob")
    office.answer("bob", digest, "Bonne idée, je suis partant.\n\n" + "\n".join(quoted(digest)))
    [question] = office.mails()["bob@people.example"]
    office.answer("bob", question, said, number=2)
    assert office.words()[-1] == ("ask", "not_understood")
    [_, again] = office.notices_to(BOB)
    assert (again.kind, again.reason.value, again.text) == (NoticeKind.RECEIPT, "not_understood", said.strip())
    assert {choice.topic_id for choice in again.choices} == {1, 2}
    # What is not understood again, to whichever of the two it answers, is for people.
    [mail] = office.mails()["bob@people.example"]
    for number, receipt in enumerate((mail, question), 3):
        office.answer("bob", receipt, said, number=number)
        assert office.words()[-1] == ("forward", "for_the_admins")
    # And the question can still be answered; then a next answer is asked about anew.
    office.answer("bob", mail, "2", number=5)
    assert office.parts() == [PartRow(1, PartState.POSTED, 2, "Bonne idée, je suis partant.")]
    office.answer("bob", mail, said, number=6)
    assert office.words()[-1] == ("ask", "not_understood")


def test_what_nobody_understood_of_a_list_is_kept(office: Correspondence) -> None:
    digest = office.digest_of("bob")
    office.answer("bob", digest, "Bonne idée, je suis partant.\n\n" + "\n".join(quoted(digest)))
    [question] = office.mails()["bob@people.example"]
    office.answer("bob", question, "Peu importe.", number=2, more="Precedence: list\r\n")
    assert office.results()[-1].state == "held"
    assert len(office.notices_to(BOB)) == 1


def test_a_posted_part_is_moved_and_taken_back(office: Correspondence, database: Database) -> None:
    digest = office.digest_of("bob")
    office.answer("bob", digest, under(digest, {1: "Je viens vendredi avec Paul."}))
    [receipt] = office.mails()["bob@people.example"]
    office.answer("bob", receipt, "DÉPLACER 1 #2", number=2)
    assert [(p.state, p.topic_id) for p in office.parts()] == [(PartState.POSTED, 2)]
    with database.reading() as tx:
        by_topic = tx.execute(select(posts.c.topic_id, posts.c.withdrawn_at).order_by(posts.c.id)).all()
    assert [(row.topic_id, row.withdrawn_at is None) for row in by_topic[2:]] == [(1, False), (2, True)]
    [second] = office.mails()["bob@people.example"]
    office.answer("bob", second, "annuler 1", number=3)
    assert [p.state for p in office.parts()] == [PartState.WITHDRAWN]
    with database.reading() as tx:
        assert tx.scalars(select(posts.c.withdrawn_at).order_by(posts.c.id)).all()[-1] is not None


def test_thanks_are_counted_and_a_word_mutes(office: Correspondence, database: Database) -> None:
    digest = office.digest_of("bob")
    office.answer("bob", digest, under(digest, {1: "Merci !", 2: "muet"}))
    assert sorted((p.topic_id, p.state) for p in office.parts()) == [(1, PartState.THANKED), (2, PartState.OBEYED)]
    with database.reading() as tx:
        assert tx.execute(select(thanks.c.person_id)).scalars().all() == [BOB]
        assert tx.execute(select(topic_choices.c.topic_id, topic_choices.c.choice)).all() == [(2, Choice.MUTED.value)]
    assert len(office.posted()) == 2


@pytest.mark.parametrize(
    "typed",
    [
        "#1 muet\n\n#1 Je viens vendredi avec Paul.",
        "#1 Je viens vendredi avec Paul.\n#1 muet",
        "#1 muet\n\nJe viens vendredi avec Paul.",
    ],
)
def test_a_word_beside_other_words_for_its_topic_is_obeyed(
    office: Correspondence, database: Database, typed: str
) -> None:
    digest = office.digest_of("bob")
    office.answer("bob", digest, f"{typed}\n\n" + "\n".join(quoted(digest)))
    assert office.parts() == [
        PartRow(1, PartState.POSTED, 1, "Je viens vendredi avec Paul."),
        PartRow(2, PartState.OBEYED, 1, "muet"),
    ]
    with database.reading() as tx:
        assert tx.execute(select(topic_choices.c.topic_id, topic_choices.c.choice)).all() == [(1, Choice.MUTED.value)]
    assert office.posted()[-1][0] == "Je viens vendredi avec Paul."


def test_the_first_word_of_a_sentence_is_no_command(office: Correspondence) -> None:
    digest = office.digest_of("bob")
    said = "stop\nà ces dépenses, je vous prie."
    office.answer("bob", digest, f"#1 {said}\n\n" + "\n".join(quoted(digest)))
    assert office.parts() == [PartRow(1, PartState.POSTED, 1, said)]


def test_a_number_that_no_topic_has_stands_beside_the_words_that_come_back(office: Correspondence) -> None:
    digest = office.digest_of("bob")
    office.answer("bob", digest, "#99 Je viens vendredi.\n\n" + "\n".join(quoted(digest)))
    [receipt] = office.notices_to(BOB)
    [line] = receipt.lines
    assert (line.state, line.topic_id, line.topic_title, line.text) == (
        PartState.RETURNED,
        99,
        "",
        "Je viens vendredi.",
    )
    [mail] = office.mails()["bob@people.example"]
    body = mail.get_body(("plain",))
    assert body is not None and "1. #99" in body.get_content().splitlines()
    office.answer("bob", mail, "DÉPLACER 1 #2", number=2)
    assert office.parts() == [PartRow(1, PartState.POSTED, 2, "Je viens vendredi.")]


@pytest.mark.parametrize(
    ("word", "pace"), [("SEMAINE", "weekly"), ("Tout", "each"), ("stop", "off"), ("WEEKLY", "weekly")]
)
def test_one_word_changes_the_pace(office: Correspondence, database: Database, word: str, pace: str) -> None:
    digest = office.digest_of("bob")
    office.answer("bob", digest, f"{word}\n\n" + "\n".join(quoted(digest)))
    assert office.words() == [("obey", "command")]
    with database.reading() as tx:
        assert tx.scalar(select(memberships.c.pace).where(memberships.c.person_id == BOB)) == pace
    [told] = office.notices_to(BOB)
    assert told.kind is NoticeKind.OBEYED
    assert told.obeyed is not None and told.obeyed.communities == ("Projets",)
    assert office.mails()["bob@people.example"]


@pytest.mark.parametrize("body", ["<html><body>\r\n\r\n</body></html>", "<p><br></p>-- <br>Bob"])
@pytest.mark.parametrize(("word", "pace"), [("TOUT", "each"), ("SEMAINE", "weekly"), ("STOP", "off")])
def test_the_links_of_a_digest_begin_a_mail_that_changes_the_pace(
    office: Correspondence, database: Database, word: str, pace: str, body: str
) -> None:
    page = office.digest_of("bob").get_body(("html",))
    assert page is not None
    [link] = re.findall(rf'href="mailto:([^"]*)\?subject={word}"', str(page.get_content()))
    raw = (
        f"{PROVEN}From: bob@people.example\r\nTo: {link}\r\nSubject: {word}\r\nMessage-ID: <1@people.example>\r\n"
        f"Date: Mon, 23 Nov 2026 09:00:00 +0100\r\nMIME-Version: 1.0\r\nContent-Type: text/html\r\n\r\n{body}\r\n"
    )
    office.accept(raw.encode(), link.split("@")[0], reverse_path="bob@people.example")
    office.work()
    assert office.words() == [("obey", "command")]
    with database.reading() as tx:
        assert tx.scalar(select(memberships.c.pace).where(memberships.c.person_id == BOB)) == pace


def test_the_subject_of_an_answer_without_words_is_no_command(office: Correspondence) -> None:
    office.answer("bob", digest := office.digest_of("bob"), "\n".join(quoted(digest)))
    assert office.words() == [("reject", "empty")]


def test_a_pause_until_a_day(office: Correspondence, database: Database) -> None:
    digest = office.digest_of("bob")
    office.answer("bob", digest, "Pause jusqu'au 4/12")
    with database.reading() as tx:
        row = tx.execute(select(people.c.paused, people.c.paused_until).where(people.c.id == BOB)).one()
    assert row.paused and row.paused_until.isoformat() == "2026-12-03T23:00:00+00:00"


def test_get_reads_a_topic_by_mail_to_who_may(office: Correspondence) -> None:
    digest = office.digest_of("bob")
    office.answer("bob", digest, "LIRE #2")
    [told] = office.notices_to(BOB)
    assert told.kind is NoticeKind.READING
    assert told.topic is not None and (told.topic.topic_id, len(told.read)) == (2, 1)
    eve = office.network.person("eve")
    office.answer("eve", digest, "GET #2", number=9)
    [refused] = office.notices_to(eve)
    assert refused.obeyed is not None and refused.obeyed.topic_title == ""


def test_a_colleague_answers_a_forwarded_digest_as_themself(office: Correspondence) -> None:
    digest = office.digest_of("bob")
    eve = office.network.person("eve")
    office.network.join(1, eve)
    office.answer("eve", digest, under(digest, {1: "Moi aussi, avec plaisir."}))
    assert [(p.state, p.topic_id) for p in office.parts()] == [(PartState.POSTED, 1)]
    assert office.posted()[-1][0] == "Moi aussi, avec plaisir."
    stranger = office.network.person("mallory")
    office.answer("mallory", digest, under(digest, {1: "Et moi, j'y étais aussi."}), number=5)
    assert office.parts()[-1].state is PartState.HELD
    assert stranger and len(office.posted()) == 3


def test_nobody_mends_the_receipt_of_another(office: Correspondence) -> None:
    digest = office.digest_of("bob")
    office.answer("bob", digest, under(digest, {1: "Je viens vendredi avec Paul."}))
    [receipt] = office.mails()["bob@people.example"]
    office.network.person("eve")
    office.answer("eve", receipt, "annuler 1", number=3)
    assert office.words()[-1] == ("reject", "token_of_another")
    assert office.parts()[0].state is PartState.POSTED


def test_an_old_digest_is_answered_with_words(office: Correspondence, database: Database) -> None:
    from store.schema import fragments

    digest = office.digest_of("bob")
    with database.transaction() as tx:
        tx.execute(fragments.delete())
    office.press.contents._fragments.clear()
    office.answer("bob", digest, under(digest, {1: "Je viens vendredi avec Paul."}))
    assert office.words() == [("reject", "digest_gone")]
    [told] = office.notices_to(BOB)
    assert (told.kind, "Je viens vendredi" in told.text) == (NoticeKind.RETURNED, True)


def test_a_digest_that_lost_its_token_is_found_by_its_header(office: Correspondence) -> None:
    digest = office.digest_of("bob")
    text = under(digest, {2: "Non, plutôt lundi matin."})
    del digest["Reply-To"]
    digest["Reply-To"] = "digest@relais.example"
    office.answer("bob", digest, text)
    assert [(p.state, p.topic_id) for p in office.parts()] == [(PartState.POSTED, 2)]


def test_who_left_meanwhile_gets_their_words_back(office: Correspondence, database: Database, clock: SetClock) -> None:
    digest = office.digest_of("bob")
    with database.transaction() as tx:
        paces.choose(tx, 1, BOB, Pace.OFF, clock())
        tx.execute(memberships.delete().where(memberships.c.person_id == BOB))
    office.answer("bob", digest, under(digest, {1: "Je viens vendredi avec Paul."}))
    assert [(p.state, p.text) for p in office.parts()] == [(PartState.RETURNED, "Je viens vendredi avec Paul.")]
    [receipt] = office.notices_to(BOB)
    assert receipt.lines[0].reason == "not_a_member"


def test_the_way_back_from_stop_is_one_word(office: Correspondence, database: Database) -> None:
    other = office.network.community("achats", pace=Pace.DAILY)
    office.network.join(other, BOB, pace=Pace.EACH)
    digest = office.digest_of("bob")
    office.answer("bob", digest, "STOP")
    [told] = office.mails()["bob@people.example"]

    def pace_of() -> dict[int, str]:
        with database.reading() as tx:
            query = select(memberships.c.community_id, memberships.c.pace).where(memberships.c.person_id == BOB)
            return {row[0]: row[1] for row in tx.execute(query)}

    assert pace_of() == {1: "off", other: "each"}
    office.answer("bob", told, "JOUR", number=2)
    assert pace_of() == {1: "daily", other: "each"}
    # And from the digest itself, should the notice be lost.
    office.answer("bob", digest, "STOP", number=3)
    office.answer("bob", digest, "SEMAINE", number=4)
    assert pace_of() == {1: "weekly", other: "each"}


def test_a_word_with_a_name_is_about_that_community(office: Correspondence, database: Database) -> None:
    other = office.network.community("achats", pace=Pace.DAILY)
    office.network.join(other, BOB)
    digest = office.digest_of("bob")
    del digest["Reply-To"]
    digest["Reply-To"] = "relais@relais.example"
    office.answer("bob", digest, "WEEKLY achats", more="X-None: 1\r\n")
    office.answer("bob", digest, "DAILY nowhere", number=2)
    with database.reading() as tx:
        query = select(memberships.c.community_id, memberships.c.pace).where(memberships.c.person_id == BOB)
        assert {row[0]: row[1] for row in tx.execute(query)} == {1: None, other: "weekly"}
    first, second = office.notices_to(BOB)
    assert first.obeyed is not None and first.obeyed.communities == ("Achats",)
    assert second.obeyed is None or second.obeyed.communities == ()


def test_two_answers_to_one_receipt_in_a_batch_follow_each_other(office: Correspondence, database: Database) -> None:
    digest = office.digest_of("bob")
    office.answer("bob", digest, under(digest, {1: "Je viens vendredi avec Paul."}))
    [receipt] = office.mails()["bob@people.example"]
    work, office.work = office.work, lambda: None  # type: ignore[method-assign]
    office.answer("bob", receipt, "DÉPLACER 1 #2", number=2)
    office.answer("bob", receipt, "annuler 1", number=3)
    office.work = work  # type: ignore[method-assign]
    batch = [office.read(mail) for mail in office.claim()]
    assert len(batch) == 2
    office.process(batch)
    assert [p.state for p in office.parts()] == [PartState.WITHDRAWN]
    with database.reading() as tx:
        standing = tx.scalars(select(posts.c.topic_id).where(posts.c.withdrawn_at.is_(None))).all()
    assert sorted(standing) == [1, 2]


def test_a_part_goes_to_and_fro_and_comes_back(office: Correspondence, database: Database) -> None:
    digest = office.digest_of("bob")
    office.answer("bob", digest, under(digest, {1: "Je viens vendredi avec Paul."}))
    [receipt] = office.mails()["bob@people.example"]

    def standing() -> list[int]:
        with database.reading() as tx:
            return list(tx.scalars(select(posts.c.topic_id).where(posts.c.withdrawn_at.is_(None), posts.c.id > 2)))

    for number, topic in enumerate((2, 2, 1, 2, 1, 1), 2):
        office.answer("bob", receipt, f"MOVE 1 #{topic}", number=number)
        assert standing() == [topic]
    office.answer("bob", receipt, "ANNULER 1", number=8)
    office.answer("bob", receipt, "ANNULER 1", number=9)
    assert standing() == []
    office.answer("bob", receipt, "DÉPLACER 1 #1", number=10)
    assert (standing(), [p.state for p in office.parts()]) == ([1], [PartState.POSTED])


def test_what_was_only_done_is_not_moved(office: Correspondence, database: Database) -> None:
    digest = office.digest_of("bob")
    office.answer("bob", digest, under(digest, {1: "Merci !", 2: "muet"}))
    [receipt] = office.mails()["bob@people.example"]
    before = office.parts()
    for number, word in enumerate(("CANCEL 1", "CANCEL 2", "MOVE 1 #2", "MOVE 2 #1"), 2):
        office.answer("bob", receipt, word, number=number)
        assert office.words()[-1] == ("obey", "command")
    assert office.parts() == before
    assert len(office.posted()) == 2


def test_a_word_above_a_quote_without_marks_is_a_word(office: Correspondence, database: Database) -> None:
    digest = office.digest_of("bob")
    body = digest.get_body(("plain",))
    assert body is not None
    head = "________________________________\nDe : Relais\nEnvoyé : lundi 23 novembre 2026\nÀ : Bob\nObjet : Résumé"
    office.answer("bob", digest, f"SEMAINE\n\n{head}\n\n{body.get_content()}")
    assert office.words() == [("obey", "command")]


def test_a_catch_up_to_somebody_in_an_unknown_zone_leaves(office: Correspondence, database: Database) -> None:
    office.mails()
    office.network.write(1, 1)
    office.network.fan_out()
    with database.transaction() as tx:
        tx.execute(people.update().where(people.c.id == BOB).values(timezone="Mars/Olympus"))
        paces.choose(tx, 1, BOB, Pace.EACH, office.clock())
    assert office.paper.round() == 1
    assert "Subject 3" in office.digest_of("bob")["Subject"]
