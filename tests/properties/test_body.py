"""Cutting is idempotent, loses no word of a text above a quote, never raises, and costs what the text is long."""

from __future__ import annotations

import gc
import sys
from collections.abc import Callable
from types import FrameType

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from inbound.body import read_body
from inbound.parse import parse
from inbound.quoting import Label, Line, label
from tests.inbound.mails import html_mail, mail

HEADERS = "De : Bob Roux <bob@example.org>\nEnvoyé : lundi 2 mars 2026 10:00\nÀ : Ann\nObjet : plan\n\nold words"
QUOTES = {
    "gmail": "On Mon, Mar 2, 2026 at 10:00 AM Bob Roux <bob@example.org> wrote:\n\n> old words\n> > older words",
    "gmail, wrapped": "Le lun. 2 mars 2026 à 10:00, Bob Roux\n<bob@example.org> a écrit :\n\n> old words",
    "thunderbird": "Am 02.03.26 um 10:00 schrieb Bob Roux:\n> old words",
    "apple": "Le 2 mars 2026 à 10:00, Bob Roux <bob@example.org> a écrit :\n\n> old words",
    "outlook": HEADERS,
    "outlook on the web": f"________________________________\n{HEADERS}",
    "outlook express": f"-----Message d'origine-----\n{HEADERS}",
    "zimbra": '----- Mail original -----\nDe: "Bob" <bob@example.org>\nÀ: "Ann" <a@example.org>\nObjet: x\n\nold words',
    "orange": "> Message du 02/03/26 10:00\n> De : Bob\n> A : Ann\n> Objet : x\n>\n> old words",
    "groupwise": ">>> Bob Roux <bob@example.org> 02/03/2026 10:00 >>>\nold words",
    "hotmail, unmarked": "On 2 March 2026 at 10:00, Bob Roux <bob@example.org> wrote:\nold words",
    "mobile": "Envoyé de mon iPhone\n\nLe 2 mars 2026 à 10:00, Bob <bob@example.org> a écrit :\n> old words",
    "signature": "-- \nAnn Martin\n+33 1 23 45 67 89\n\nOn Mon, 2 Mar 2026, Bob <bob@example.org> wrote:\n> old words",
}
HTML_QUOTES = {
    "gmail": '<div class="gmail_quote"><div class="gmail_attr">On Mon, Mar 2, 2026 at 10:00 AM Bob wrote:<br></div>'
    '<blockquote class="gmail_quote">old words</blockquote></div>',
    "outlook": '<div id="appendonsend"></div><hr><div id="divRplyFwdMsg"><b>From:</b> Bob<br><b>Sent:</b> 2 March 2026'
    "<br><b>To:</b> Ann<br><b>Subject:</b> x</div><div>old words</div>",
    "word": "<div style='border:none;border-top:solid #E1E1E1 1.0pt;padding:3.0pt 0cm 0cm 0cm'><p><b>From:</b> Bob<br>"
    "<b>Sent:</b> 2 March 2026<br><b>To:</b> Ann<br><b>Subject:</b> x</p></div><p>old words</p>",
    "thunderbird": '<div class="moz-cite-prefix">Le 02/03/2026 à 10:00, Bob a écrit :<br></div>'
    '<blockquote type="cite">old words</blockquote>',
    "apple": '<div><br><blockquote type="cite"><div>On 2 Mar 2026, Bob wrote:</div>old words</blockquote></div>',
    "yahoo": '<div class="yahoo_quoted"><div>Le lundi 2 mars 2026, Bob a écrit :</div><div>old words</div></div>',
    "proton": '<div class="protonmail_quote">On Monday, Bob wrote:<blockquote type="cite">old words</blockquote></div>',
    "zimbra": '<hr id="zwchr" data-marker="__DIVIDER__"><div data-marker="__HEADERS__"><b>De: </b>Bob<br></div>'
    '<div data-marker="__QUOTED_TEXT__">old words</div>',
}
WORDS = st.lists(st.from_regex(r"[a-zéèA-Z]{1,12}", fullmatch=True), min_size=1, max_size=12)
TEXTS = st.lists(WORDS.map(" ".join), min_size=1, max_size=8)
# Anything that occurs in a mail, one line after another.
PIECES = st.sampled_from(
    [
        *(
            "On Monday, Bob wrote:",
            "> quoted",
            "old words",
            "",
            "-- ",
            "--",
            "—",
            "From: Bob <b@example.org>",
            "To: Ann",
        ),
        *(
            "Sent: Monday, March 2, 2026",
            "Subject: x",
            "Sent from my iPhone",
            "-----Original Message-----",
            "____________",
        ),
        *(
            "This message is confidential. If you are not the intended recipient, please delete it.",
            "Bien à vous,",
            "Ann",
        ),
        *(
            "---------- Forwarded message ---------",
            "[EXTERNAL]",
            "Le 2/3/2026 à 10:00, Bob a écrit :",
            "| cell |",
            "***",
        ),
        *(
            ">>> Bob 2/3/2026 10:00 >>>",
            "my answers in blue below",
            "A sentence that somebody wrote, of some length.",
            ">",
        ),
        *(
            "https://example.org/",
            "+33 1 23 45 67 89",
            "JD> quoted",
            ": quoted",
            "\u202b\u200f:",
            "I wrote:",
            "> > deeper",
        ),
    ]
)


def kept(lines: list[Line], *, answer: bool = True) -> list[str]:
    labels = label(lines, forward=False, answer=answer)
    return [line.text for line, what in zip(lines, labels, strict=True) if what is Label.NEW]


@settings(max_examples=300, deadline=None)
@given(TEXTS, st.sampled_from(sorted(QUOTES)))
def test_no_word_above_a_quote_is_lost_and_none_below_is_kept(text: list[str], client: str) -> None:
    raw = mail("\n".join(text) + "\n\n" + QUOTES[client], headers="Subject: Re: x\r\n")
    assert read_body(parse(raw)).text.split() == " ".join(text).split()


@settings(max_examples=200, deadline=None)
@given(TEXTS, st.sampled_from(sorted(HTML_QUOTES)))
def test_nor_in_html(text: list[str], client: str) -> None:
    above = "".join(f"<div>{line}</div>" for line in text)
    body = read_body(parse(html_mail(f"{above}<br>{HTML_QUOTES[client]}", subject="Re: x")))
    assert body.text.split() == " ".join(text).split()
    assert "old words" not in (body.html or "")


# A delimiter, a footer and a field mean what stands below them, so they may mean another thing once that is cut.
UNSTABLE = (
    "--",
    "—",
    "| cell |",
    "***",
    "____________",
    "Sent from my iPhone",
    "To: Ann",
    "Subject: x",
    ": quoted",
    "JD> quoted",
)
STABLE = PIECES.filter(lambda piece: piece not in UNSTABLE and not piece.startswith(("From:", "Sent:")))


@settings(max_examples=400, deadline=None)
@given(st.lists(STABLE, max_size=25))
def test_what_was_kept_is_kept_again(pieces: list[str]) -> None:
    lines = [Line(piece) for piece in pieces]
    once = kept(lines)
    # A citation of one's own is told by the history below it; without any, the rest is a mail that answers nothing.
    twice = kept([Line(text) for text in once], answer=not any(text.startswith(">") for text in once))
    assert [text for text in twice if text.strip()] == [text for text in once if text.strip()]


@settings(max_examples=300, deadline=None)
@given(st.lists(st.one_of(PIECES, st.text(max_size=40)), max_size=30), st.booleans(), st.booleans())
def test_every_line_gets_a_label(pieces: list[str], forward: bool, answer: bool) -> None:
    lines = [Line(piece) for piece in pieces]
    assert len(label(lines, forward=forward, answer=answer)) == len(lines)


FAMILIES: dict[str, Callable[[int], bytes]] = {
    "many marks": lambda n: mail("> " * n + "\n> q\n" * n),
    "many On": lambda n: mail("On Monday at 10:00 Bob\n" * n),
    "many On, with a colon at the end": lambda n: mail("On Monday at 10:00 Bob\n" * n + "wrote:"),
    "many From": lambda n: mail("From: a@b.example\n" * n),
    "many To": lambda n: mail("From: a@b.example\nTo: " + "c@d.example;\n" * n),
    "many short lines": lambda n: mail("ab\n" * n),
    "many delimiters": lambda n: mail("-- \nx\n" * n),
    "many bare delimiters": lambda n: mail("--\nx\n\n—\n\n" * n),
    "many rules": lambda n: mail("_" * 47 + "\n" + "mailing list\n\n" * n),
    "many disclaimers": lambda n: mail("This message is confidential. Delete it.\n\n" * n),
    "one long disclaimer": lambda n: mail("This message is confidential, delete it if received in error\n" * n),
    "one long line": lambda n: mail("On Monday wrote " * n),
    "many footers": lambda n: mail("Sent from my iPhone\n" * n),
    "many banners": lambda n: mail("[EXTERNAL]\n" * n),
    "many keys": lambda n: mail("To\ncc\nSubject\n1/2 @\n" * n),
    "many boxes": lambda n: mail("|------------>\n| De : |\n" * n),
    "many forwards": lambda n: mail("---------- Forwarded message ---------\n" * n),
    "deep blockquotes": lambda n: html_mail("<blockquote>" * n + "x"),
    "many blockquotes": lambda n: html_mail("<p>On Monday, Bob wrote:</p><blockquote>x</blockquote>" * n),
    "many paragraphs": lambda n: html_mail("<p>x</p>" * n),
    "many hidden": lambda n: html_mail('<p style="display:none;color:red;color:blue">x</p>' * n),
}


def steps(raw: bytes) -> int:
    """How many calls reading the mail takes: work that can be counted, whatever else the machine does."""
    count = 0

    def counted(frame: FrameType, event: str, argument: object) -> None:
        nonlocal count
        count += 1

    # A collection in the middle would count the destructors of others.
    gc.disable()
    sys.setprofile(counted)
    try:
        read_body(parse(raw))
    finally:
        sys.setprofile(None)
        gc.enable()
    return count


@pytest.mark.parametrize("family", FAMILIES)
def test_twice_the_text_is_twice_the_work(family: str) -> None:
    make = FAMILIES[family]
    read_body(parse(make(10)))
    once, twice = steps(make(400)), steps(make(800))
    assert twice / once < 2.5
