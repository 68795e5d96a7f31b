from __future__ import annotations

import pytest

from inbound.body import read_body
from inbound.parse import parse
from tests.inbound.mails import html_mail, mail


def test_plain_text_is_split_into_its_parts() -> None:
    body = read_body(parse(mail("Oui.\n\n-- \nAnn\n\nLe 2 mars 2026 à 10:00, Bob a écrit :\n> Viens-tu ?\n")))
    assert body.text == "Oui."
    assert body.html is None
    assert body.signature == "--\nAnn"
    assert body.quoted == "Le 2 mars 2026 à 10:00, Bob a écrit :\n> Viens-tu ?"


def test_html_alone_gives_text_and_clean_html() -> None:
    html = (
        "<div>Oui, <b>merci</b>.</div><br><div class=gmail_quote><div class=gmail_attr>Le 2 mars, Bob a écrit :</div>"
        "<blockquote class=gmail_quote>Viens-tu ?</blockquote></div>"
    )
    body = read_body(parse(html_mail(html)))
    assert body.text == "Oui, merci."
    assert body.html == "<div>Oui, <b>merci</b>.</div>"
    assert "Viens-tu" in body.quoted


def test_interleaved_html_answers_stay() -> None:
    html = (
        "<div class=gmail_quote><div class=gmail_attr>On Monday, Bob wrote:</div><blockquote class=gmail_quote>one?"
        "</blockquote><div>yes</div><blockquote class=gmail_quote>two?</blockquote><div>no</div></div>"
    )
    body = read_body(parse(html_mail(html)))
    assert body.text.split() == ["yes", "no"]
    assert body.html == "<div><div>yes</div><div>no</div></div>"


def test_outlook_html_is_cut_at_its_header_block() -> None:
    html = (
        "<div><p>Entendu.</p><div style='border-top:solid 1pt'><p><b>De :</b> Bob &lt;bob@example.org&gt;<br>"
        "<b>Envoyé :</b> lundi 2 mars 2026<br><b>À :</b> Ann<br><b>Objet :</b> x</p></div><p>old</p></div>"
    )
    body = read_body(parse(html_mail(html)))
    assert body.text == "Entendu."
    assert body.html == "<div><p>Entendu.</p></div>"


def test_the_plain_text_wins_where_it_says_something() -> None:
    body = read_body(parse(html_mail("<p>Bonjour à <b>tous</b></p>", text="Bonjour à tous")))
    assert (body.text, body.html) == ("Bonjour à tous", "<p>Bonjour à <b>tous</b></p>")


@pytest.mark.parametrize("stub", ["", "  \n", "This message is in HTML format; your program cannot show it."])
def test_a_stub_gives_way_to_the_html(stub: str) -> None:
    html = "<p>What the person really wanted to say is all in here, and it is long enough.</p>"
    assert read_body(parse(html_mail(html, text=stub))).text.startswith("What the person")


def test_html_that_was_cut_elsewhere_than_the_text_is_left_out() -> None:
    text = "Short.\n\nOn Monday, Bob wrote:\n> old words"
    body = read_body(parse(html_mail("<p>" + "other words " * 50 + "</p>", text=text)))
    assert (body.text, body.html) == ("Short.", None)


@pytest.mark.parametrize("text", ["Hello,", "Your program cannot show this mail."])
def test_where_the_html_says_more_it_is_read(text: str) -> None:
    words = "Hello, the report is ready and two pages of it are still to be read before noon on Thursday, by you."
    body = read_body(parse(html_mail(f"<p>{words}</p>", text=text)))
    assert body.text == words
    assert read_body(parse(html_mail(f"<p>{words}</p><p>Logo</p>", text=words))).text == words


def test_a_forward_with_a_comment() -> None:
    text = "À lire.\n\n---------- Forwarded message ---------\nDe : Bob\nDate: 2 mars\nSubject: x\n\nold words\n"
    body = read_body(parse(mail(text, headers="Subject: Fwd: x\r\n")))
    assert body.text == "À lire."
    assert body.forwarded.endswith("old words")


def test_a_pure_forward_is_its_own_text() -> None:
    body = read_body(
        parse(mail("---------- Forwarded message ---------\nFrom: Bob\n\nold words\n", headers="Subject: Fwd: x\r\n"))
    )
    assert "old words" in body.text
    assert body.forwarded == ""


def test_paragraphs_stay_as_written_and_are_composed() -> None:
    assert read_body(parse(mail("e\u0301te\u0301\n\n\n\n  two\n"))).text == "été\n\n  two"


def test_an_empty_answer_is_empty() -> None:
    assert (
        read_body(parse(mail("\n\nOn Mon, Mar 2, 2026 at 10:00 AM Bob <bob@example.org> wrote:\n> old\n"))).text == ""
    )
