"""Which lines are new: one short text per way of quoting, new words marked by hand."""

from __future__ import annotations

import pytest

from inbound.quoting import Label, Line, label


def new_words(text: str, *, forward: bool = False) -> str:
    """The lines of `text` that are labelled new."""
    lines = [Line(line) for line in text.split("\n")]
    labels = label(lines, forward=forward)
    kept = [line.text for line, what in zip(lines, labels, strict=True) if what is Label.NEW]
    return "\n".join(kept).strip()


ATTRIBUTIONS = [
    "On Mon, Mar 2, 2026 at 10:00 AM Bob Roux <bob@example.org> wrote:",
    "On Mon, Mar 2, 2026 at 10:00 AM Bob Roux\n<bob@example.org> wrote:",
    "On 2 March 2026, at 10:00, Bob Roux\n<bob@example.org>\nwrote:",
    "Le lun. 2 mars 2026 à 10:00, Bob Roux <bob@example.org> a écrit :",
    "Le 2 mars 2026 à 10:00, Bob Roux <bob@example.org> a\nécrit\xa0:",
    "Le 02/03/2026 à 10:00, Bob Roux a écrit :",
    "Am 02.03.2026 um 10:00 schrieb Bob Roux:",
    "Am Mo., 2. März 2026 um 10:00 Uhr schrieb Bob Roux <bob@example.org>:",
    "El lun, 2 mar 2026 a las 10:00, Bob Roux (<bob@example.org>) escribió:",
    "Il giorno lun 2 mar 2026 alle ore 10:00 Bob Roux <bob@example.org> ha scritto:",
    "Em seg., 2 de mar. de 2026 às 10:00, Bob Roux <bob@example.org> escreveu:",
    "Op ma 2 mrt 2026 om 10:00 schreef Bob Roux <bob@example.org>:",
    "2026-03-02 10:00 GMT+01:00 Bob Roux <bob@example.org>:",
    "Bob Roux <bob@example.org> wrote:",
]


@pytest.mark.parametrize("attribution", ATTRIBUTIONS)
@pytest.mark.parametrize("quote", ["> old words\n> and more", "old words\nand more"])
def test_an_attribution_and_its_quote_are_not_new(attribution: str, quote: str) -> None:
    assert new_words(f"D'accord.\n\n{attribution}\n\n{quote}\n") == "D'accord."


BLOCKS = [
    "-----Original Message-----\nFrom: Bob\nTo: Ann\nSubject: x\n",
    "-----Message d'origine-----\nDe : Bob\nÀ : Ann\nObjet : x\n",
    "________________________________\nFrom: Bob <bob@example.org>\nSent: Monday, March 2, 2026\nTo: Ann\nSubject: x\n",
    "De : Bob Roux <bob@example.org>\nEnvoyé : lundi 2 mars 2026 10:00\nÀ : Ann\nObjet : x\n",
    "Von: Bob Roux <bob@example.org>\nGesendet: Montag, 2. März 2026 10:00\nAn: Ann\nBetreff: x\n",
    "De: Bob <bob@example.org>\nEnviado: lunes, 2 de marzo de 2026\nPara: Ann\nAsunto: x\n",
    "Da: Bob <bob@example.org>\nInviato: lunedì 2 marzo 2026\nA: Ann\nOggetto: x\n",
    "De: Bob <bob@example.org>\nEnviado: segunda-feira, 2 de março de 2026\nPara: Ann\nAssunto: x\n",
    "Van: Bob <bob@example.org>\nVerzonden: maandag 2 maart 2026\nAan: Ann\nOnderwerp: x\n",
    "*From:* Bob <bob@example.org>\n*Sent:* Monday, March 2\n*To:* Ann\n*Subject:* x\n",
    "> Message du 02/03/26 10:00\n> De : Bob\n> A : Ann\n> Objet : x\n>\n",
]


@pytest.mark.parametrize("block", BLOCKS)
def test_below_a_header_block_nothing_is_new(block: str) -> None:
    quoted = "> " if block.startswith(">") else ""
    assert new_words(f"Entendu.\n\n{block}\n{quoted}old words\n") == "Entendu."


def test_interleaved_answers_stay() -> None:
    text = "Hello,\n\nOn Monday, Bob wrote:\n> first?\n\nyes\n\n> second?\n> third?\nno\n"
    assert new_words(text).split() == ["Hello,", "yes", "no"]


def test_an_answer_below_the_quote_stays() -> None:
    assert new_words("Le 2 mars 2026 à 10:00, Bob a écrit :\n> question\n\nMa réponse.\n") == "Ma réponse."


@pytest.mark.parametrize(
    "text",
    [
        "He said in 2019: this will work.\nIt did.",
        "As Bob wrote:\nwe should go.",
        "From: Paris\nto the sea, by train.",
        "Subject: cats\nare nice",
        "We agreed on Monday. I wrote this:\n\nall of it.",
        "Sent from my desk, which is easier than from my phone.",
        "Notes:\n-- one\n-- two",
        "On the agenda:\nbudget",
        "Le point est le suivant :\nle budget",
        "a | b\n-----\n1 | 2",
    ],
)
def test_in_doubt_words_are_kept(text: str) -> None:
    assert new_words(text) == text


@pytest.mark.parametrize(
    "footer",
    [
        "Sent from my iPhone",
        "Envoyé de mon iPhone",
        "Envoyé depuis mon téléphone Orange",
        "Envoyé à partir d'Outlook pour Android",
        "Get Outlook for iOS<https://aka.ms/x>",
        "Télécharger Outlook pour iOS",
        "Von meinem iPhone gesendet",
        "Enviado desde mi iPhone",
        "-- \nAnn Martin\n+33 1 23 45 67 89",
        "--\nAnn Martin",
        "_______________________________________________\nTeam mailing list\nteam@example.org",
    ],
)
def test_footers_and_signatures_are_not_new(footer: str) -> None:
    assert new_words(f"D'accord.\n\n{footer}\n") == "D'accord."
    assert new_words(f"D'accord.\n\n{footer}\n\nOn Monday, Bob wrote:\n> old\n") == "D'accord."


def test_a_long_text_below_two_dashes_is_no_signature() -> None:
    rest = "\n".join(f"point {i}" for i in range(40))
    assert new_words(f"Intro\n--\n{rest}").endswith("point 39")


def test_a_forward_with_a_comment_keeps_the_comment_as_new() -> None:
    forwarded = (
        "---------- Forwarded message ---------\nFrom: Bob <bob@example.org>\nDate: today 1\nSubject: x\n\nold words"
    )
    lines = [Line(line) for line in f"Please look.\n\n{forwarded}".split("\n")]
    labels = label(lines, forward=True)
    assert labels[0] is Label.NEW
    assert set(labels[2:]) == {Label.FORWARDED}


@pytest.mark.parametrize(
    "marker", ["Begin forwarded message:", "Début du message transféré :", "Début du message réexpédié :"]
)
def test_a_pure_forward_is_what_the_person_wants_to_say(marker: str) -> None:
    assert "old words" in new_words(f"{marker}\n\n> From: Bob\n> Subject: x\n>\n> old words\n", forward=True)
    assert "old words" in new_words(f"{marker}\n\nFrom: Bob\nSubject: x\n\nold words\n", forward=True)


def test_a_header_block_with_nothing_above_does_not_hide_the_words_below() -> None:
    block = "De : Bob <bob@example.org>\nEnvoyé : lundi 2 mars\nObjet : x\n"
    assert new_words(f"{block}\nMes mots.\n\nLe 1/3/2026 à 9:00, Ann a écrit :\n> old\n") == "Mes mots."


def test_the_tail_of_a_wrapped_quote_is_quoted() -> None:
    long = "> " + "word " * 14 + "and"
    assert new_words(f"{long}\nthe tail\n> goes on\n\nanswer\n") == "answer"
    assert new_words("> shall we?\nyes please\n> and then?\nno") == "yes please\nno"
