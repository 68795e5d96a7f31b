"""What answers an answer to a digest or a word of command: true, complete, safe, and answerable as it says."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from email.message import EmailMessage
from itertools import product
from urllib.parse import parse_qs, urlsplit

import pytest

from gateway.core.command import Place, Verb
from gateway.core.decision import Reason
from gateway.core.delivery import Lease
from gateway.core.digest import PartState
from gateway.core.notice import Choice, NoticeMail, Obeyed, ReadPost, ReceiptLine
from gateway.core.post import ToldFile
from gateway.core.token import Purpose
from inbound.choices import read_choice
from inbound.commands import read_command
from tests.outbound.mails import DELIVERY, KEYS, NOW, body, composer
from tests.outbound.receipts import (
    ASKED,
    BACK,
    BOILER,
    CLOSED,
    DONE,
    MUTED,
    OBEYED,
    POSTED,
    QUESTION,
    READING,
    RECEIPT,
    THANKED,
    TWO_POSTED,
    WAITING,
    notice_sent,
    obeyed,
)

TODAY = date(2026, 11, 20)
LOCALES = ("fr", "en")
ALL_KINDS: Mapping[str, NoticeMail] = {
    "receipt": RECEIPT,
    "question": QUESTION,
    "reading": READING,
    **{name: obeyed(done) for name, done in DONE.items()},
}


def words(mail: EmailMessage) -> str:
    """The text part, its lines joined where they were only wrapped."""
    return body(mail, "plain").replace(" \n", " ")


def receipt(*lines: ReceiptLine) -> NoticeMail:
    return replace(RECEIPT, lines=lines)


def token(purpose: Purpose, address: str) -> tuple[int, ...]:
    found = re.fullmatch(r"[a-z]+\+([a-z2-7]+)@relais\.example\.org", address)
    assert found, address
    verified = KEYS.verify(purpose, found[1])
    assert verified is not None and verified.issued == DELIVERY.created_at.date()
    return verified.ids


# ── header ───────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(("name", "kind"), [("receipt", "receipt"), ("paused", "receipt"), ("reading", "notice")])
def test_nobody_is_answered_and_machines_are_told(name: str, kind: str) -> None:
    outgoing = composer().compose_notice(ALL_KINDS[name], DELIVERY)
    mail = notice_sent(ALL_KINDS[name])
    assert outgoing.reverse_path == ""
    assert mail["X-Relais-Kind"] == kind
    assert mail["Auto-Submitted"] == "auto-replied"
    assert mail["In-Reply-To"] == "<own-7@mail.example.fr>"


def test_an_answer_goes_where_it_can_be_acted_on() -> None:
    assert token(Purpose.ANSWER, notice_sent(RECEIPT)["Reply-To"]) == (7, 4)
    assert token(Purpose.ANSWER, notice_sent(OBEYED)["Reply-To"]) == (OBEYED.id, 4)
    assert token(Purpose.REPLY, notice_sent(READING)["Reply-To"]) == (140, 4)
    gone = replace(READING, topic=None, read=(), post_id=None)
    assert notice_sent(gone)["Reply-To"] == "postmaster@relais.example.org"


def test_a_retry_repeats_every_byte() -> None:
    later = replace(DELIVERY, attempts=4, lease=Lease(NOW))
    for notice in ALL_KINDS.values():
        assert composer().compose_notice(notice, later).data == composer().compose_notice(notice, DELIVERY).data


# ── receipts ─────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("lines", "french", "english"),
    [
        (TWO_POSTED.lines, "2 réponses publiées", "2 replies posted"),
        ((POSTED, THANKED, MUTED), f"Réponse publiée\u00a0: {BOILER[1]}", f"Reply posted: {BOILER[1]}"),
        ((ASKED,), "Votre réponse attend\u00a0: à quel sujet\u00a0?", "Your reply is waiting: which topic?"),
        ((WAITING,), "Votre réponse attend un responsable", "Your reply is waiting for a manager"),
        ((BACK,), "Non publié\u00a0: votre réponse vous revient", "Not posted: your reply comes back"),
        ((THANKED,), "Votre merci est compté", "Your thanks are counted"),
        ((MUTED,), "Votre réponse au résumé", "Your answer to the digest"),
        ((ASKED, BACK), "Vos réponses\u00a0: une à placer, une non publiée", "Your replies: one to be placed, one not"),
        ((), "Votre réponse au résumé", "Your answer to the digest"),
    ],
)
def test_the_subject_counts(lines: tuple[ReceiptLine, ...], french: str, english: str) -> None:
    assert str(notice_sent(receipt(*lines))["Subject"]) == french
    assert str(notice_sent(receipt(*lines), "en")["Subject"]).startswith(english)


@pytest.mark.parametrize("locale", LOCALES)
def test_no_subject_is_longer_than_a_list_of_mails_shows(locale: str) -> None:
    long = "Une très longue question au sujet de " * 9
    for counts in product((0, 12), repeat=4):
        each = zip((POSTED, WAITING, BACK, ASKED), counts, strict=True)
        lines = [replace(line, topic_title=long) for line, count in each for _ in range(count)]
        assert len(str(notice_sent(receipt(*lines), locale)["Subject"])) <= 90
    for verb in Verb:
        done = Obeyed(verb, (long,) * 3, 123_456_789, long, TODAY)
        assert len(str(notice_sent(obeyed(done), locale)["Subject"])) <= 90
    topic = Choice(123_456_789, long)
    assert len(str(notice_sent(replace(READING, topic=topic), locale)["Subject"])) <= 90


def test_each_line_says_what_became_of_it() -> None:
    text = words(notice_sent(RECEIPT, "en"))
    assert f"1. #12 {BOILER[1]} (Bâtiments): “Je l’appelle demain matin et je vous dis. Marie”\nPosted." in text
    assert "“Merci Tom !”\nYour thanks are counted" in text
    assert "send FOLLOW #31 to relais@relais.example.org." in text
    assert "4. No topic yet\nIt waits until you say which topic it is for.\n\nJe peux m’en occuper" in text
    assert "Not posted. The topic “Menu de la fête d’été” has been closed" in text
    assert "It waits for a manager. The managers of “Atelier” read every message before it goes out." in text


@pytest.mark.parametrize("state", [PartState.ASKED, PartState.RETURNED, PartState.HELD, PartState.WITHDRAWN])
def test_what_is_nowhere_comes_back_whole(state: PartState) -> None:
    long = "\n\n".join(f"Paragraphe {n} : " + "des mots choisis avec soin " * 12 for n in range(9))
    mail = notice_sent(receipt(replace(BACK, state=state, text=long), POSTED))
    for paragraph in long.split("\n\n"):
        assert paragraph.strip() in words(mail) and paragraph.strip() in body(mail, "html")
    posted = notice_sent(receipt(replace(POSTED, text=long)))
    assert "Paragraphe 0" in words(posted) and "Paragraphe 3" not in words(posted)


@pytest.mark.parametrize("reason", [Reason.NOT_A_MEMBER, Reason.TOPIC_GONE, Reason.COMMUNITY_ARCHIVED])
@pytest.mark.parametrize("state", [PartState.RETURNED, PartState.WITHDRAWN])
def test_a_number_that_was_tried_opens_no_private_place(reason: Reason, state: PartState) -> None:
    """I11: neither title nor community of a topic that no digest showed to this reader."""
    tried = ReceiptLine(1, state, 99, "Rachat de l’usine", "Direction", "Bonjour", reason.value)
    mail = notice_sent(receipt(tried, POSTED))
    for part in ("plain", "html"):
        assert "Rachat" not in body(mail, part) and "Direction" not in body(mail, part)
        assert "#99" in body(mail, part) and "Bonjour" in body(mail, part)
    shown = replace(receipt(tried), choices=(Choice(99, "Rachat de l’usine"),))
    assert "Rachat de l’usine" in words(notice_sent(shown))


def test_a_closed_topic_is_named_to_whoever_may_write_there() -> None:
    assert CLOSED[1] in words(notice_sent(replace(receipt(BACK), choices=())))


@pytest.mark.parametrize("reason", [Reason.NO_PLACE, Reason.DIGEST_GONE])
def test_a_number_that_is_no_topic(reason: Reason) -> None:
    nowhere = ReceiptLine(1, PartState.RETURNED, None, "", "", "#999 d’accord", reason.value)
    text = words(notice_sent(receipt(nowhere, POSTED), "en"))
    assert "1. No topic\nNot posted. No topic of that number takes your answer.\n\n#999 d’accord" in text


@pytest.mark.parametrize(
    ("reason", "said"),
    [
        (Reason.TOPIC_CLOSED, "the topic you named is closed"),
        (Reason.MODERATED, "managers read every message first"),
        (Reason.NOT_A_MEMBER, "no topic of that number takes your answer"),
    ],
)
def test_a_move_that_was_refused_says_so(reason: Reason, said: str) -> None:
    text = words(notice_sent(receipt(replace(POSTED, reason=reason.value)), "en"))
    assert f"Posted. It could not be moved: {said}" in text.replace("where you wanted it, ", "")


def test_files_alone_wait_for_their_topic() -> None:
    mail = notice_sent(receipt(POSTED, replace(ASKED, number=2, text="")), "en")
    assert "The files you attached wait until you say which topic they go with." in words(mail)
    assert 'class="returned' not in body(mail, "html")


# ── what it offers really works ──────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("locale", LOCALES)
def test_a_link_chooses_a_topic(locale: str) -> None:
    mail = notice_sent(QUESTION, locale)
    links = re.findall(r'href="(mailto:[^"]*)"', body(mail, "html"))
    titles = {choice.topic_id: choice.title for choice in QUESTION.choices}
    chosen = []
    for link in links:
        url = urlsplit(link.replace("&amp;", "&"))
        assert url.path == mail["Reply-To"]
        chosen.append(read_choice(parse_qs(url.query)["body"][0], titles))
    assert chosen == list(titles)
    for number, title in titles.items():
        assert f"\n{number} {title}\n" in body(mail, "plain")


@pytest.mark.parametrize("locale", LOCALES)
@pytest.mark.parametrize("choices", [RECEIPT.choices, ()])
def test_two_questions_are_answered_one_by_one(locale: str, choices: tuple[Choice, ...]) -> None:
    """A bare number would not say which of the two it is for."""
    mail = notice_sent(replace(receipt(POSTED, replace(ASKED, number=2), ASKED), choices=choices), locale)
    assert "mailto:" not in body(mail, "html")
    shown = re.search(r"(MOVE|DÉPLACER) 2 #\d+", words(mail))
    assert shown
    command = read_command(shown[0], "", Place.QUESTION, TODAY, locale)
    assert command and (command.verb, command.number) == (Verb.MOVE, 2)


@pytest.mark.parametrize("locale", LOCALES)
def test_every_command_that_is_offered_is_understood(locale: str) -> None:
    places = dict.fromkeys(("receipt", "question", "declined"), Place.QUESTION)
    seen = set()
    for name, notice in ALL_KINDS.items():
        # Words in capitals alone, but for references, with what follows them: "MOVE 1 #27".
        shown = re.findall(r"\b([A-ZÉ]{3,}(?: \d)?(?: #\d+)?)(?=[ .,:;\u00a0]|$)", words(notice_sent(notice, locale)))
        for form in shown:
            command = read_command(form, "", places.get(name, Place.ADDRESS), TODAY, locale)
            assert command is not None, form
            seen.add(command.verb)
    assert seen == {
        *(Verb.MOVE, Verb.CANCEL, Verb.FOLLOW, Verb.ALL, Verb.DAILY, Verb.WEEKLY, Verb.PAUSE, Verb.RESUME),
        *(Verb.CLOSE, Verb.REOPEN, Verb.YES, Verb.STOP, Verb.IMPORTANT),
    }


def test_the_offer_names_another_topic_than_the_one_it_is_in() -> None:
    assert "MOVE 1 #27" in words(notice_sent(receipt(POSTED), "en"))
    assert "MOVE 1 #12" in words(notice_sent(receipt(replace(POSTED, topic_id=27)), "en"))
    only = words(notice_sent(replace(receipt(POSTED), choices=(Choice(12, BOILER[1]),)), "en"))
    assert "MOVE" not in only and "CANCEL 1" in only
    back = words(notice_sent(receipt(BACK), "en"))
    assert "To put a reply into another topic, answer MOVE 5 #12" in back and "CANCEL" not in back


# ── words obeyed ─────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("locale", LOCALES)
def test_every_word_that_is_obeyed_has_an_answer_of_its_own(locale: str) -> None:
    done = [
        *(Obeyed(verb, ("Projets",)) for verb in (Verb.ALL, Verb.DAILY, Verb.WEEKLY, Verb.STOP)),
        *(Obeyed(Verb.PAUSE, until=until) for until in (TODAY, None)),
        *(Obeyed(verb, topic_id=12, topic_title="Budget") for verb in (Verb.MUTE, Verb.FOLLOW)),
        *(Obeyed(Verb.RESUME), Obeyed(Verb.ALL), Obeyed(Verb.GET, topic_id=99), Obeyed(Verb.GET)),
    ]
    mails = [notice_sent(obeyed(one), locale) for one in done]
    assert len({str(mail["Subject"]) for mail in mails}) == len(done)
    assert all("postmaster@" in words(mail) for mail in mails)


def test_nothing_is_said_to_be_changed_where_nothing_was() -> None:
    for verb in (Verb.ALL, Verb.DAILY, Verb.WEEKLY, Verb.STOP):
        assert notice_sent(obeyed(Obeyed(verb)), "en")["Subject"] == "Nothing was changed"
    for verb in (Verb.MUTE, Verb.FOLLOW, Verb.GET):
        assert notice_sent(obeyed(Obeyed(verb, topic_id=99)), "en")["Subject"] == "No topic #99 is open to you"


def test_many_communities_are_counted() -> None:
    names = tuple(f"Atelier {n}" for n in range(1, 10))
    text = words(notice_sent(obeyed(Obeyed(Verb.DAILY, names)), "en"))
    assert "“Atelier 6” and 3 more communities" in text and "Atelier 7" not in text


# ── a topic read by mail ─────────────────────────────────────────────────────────────────────────────────────────────


def test_a_topic_is_read_oldest_first() -> None:
    mail = notice_sent(READING)
    assert mail["Subject"] == f"[#12] {BOILER[1]}"
    for part in (words(mail), body(mail, "html")):
        places = [part.index(author) for author in ("Inès Delmas", "Paul Guérin", "Tom Baker")]
        assert places == sorted(places)
        assert "19\u00a0novembre 2026 à 16\u00a0h\u00a012" in part
    assert "omis" not in words(mail)
    assert "\n- 700 € d’entretien\n" in words(mail)


def test_what_is_left_out_of_a_long_topic_is_said_where_it_is() -> None:
    text = words(notice_sent(replace(READING, left_out=12), "en"))
    assert text.index("Inès Delmas") < text.index("12 messages are left out here.") < text.index("Paul Guérin")


def test_a_topic_that_may_not_be_read_any_more_says_so() -> None:
    mail = notice_sent(replace(READING, topic=None, read=(), post_id=None), "en")
    assert mail["Subject"] == "This topic can no longer be read"
    assert "no longer a member of its community" in words(mail) and "join the topic" not in words(mail)


# ── what people wrote ────────────────────────────────────────────────────────────────────────────────────────────────

HOSTILE = """<b>x</b>"onload="'\x02L0\x03\u202e{{ 7*7 }}\r\nBcc: eve@evil.example"""


@pytest.mark.parametrize("locale", LOCALES)
@pytest.mark.parametrize("state", PartState)
def test_no_words_are_markup_or_marks(locale: str, state: PartState) -> None:
    choices = (Choice(12, HOSTILE), Choice(27, HOSTILE))
    done = Obeyed(Verb.MUTE, topic_id=12, topic_title=HOSTILE)
    line = ReceiptLine(1, state, 12, HOSTILE, HOSTILE, HOSTILE, "")
    post = ReadPost(HOSTILE, NOW, HOSTILE, (ToldFile(1, HOSTILE, 1),))
    for notice in (
        replace(receipt(line, ASKED), choices=choices),
        obeyed(done),
        obeyed(Obeyed(Verb.STOP, (HOSTILE,))),
        replace(READING, topic=choices[0], read=(post,)),
    ):
        mail = notice_sent(notice, locale)
        assert mail["Bcc"] is None and "49" not in words(mail)
        for part in ("plain", "html"):
            assert not re.search("[\x02\x03]", body(mail, part))
        assert not re.search(r"<b>x|<[^<>]*onload=", body(mail, "html"))
        assert "&lt;" not in words(mail) and "\u202e" not in str(mail["Subject"])
