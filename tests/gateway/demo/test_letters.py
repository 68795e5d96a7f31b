"""What the people of the demo write is what a mail client makes of it."""

from __future__ import annotations

from email.message import EmailMessage

import pytest

from gateway.demo import letters

ITEM = (
    '<div class="item"><h2><span>[#{0}]</span> Title {0}</h2><p>Words {0}</p>\n'
    '<p class="do"><a href="x:">Go</a></p></div>'
)


def _digest() -> EmailMessage:
    mail = letters.post("Relais <digest@relais.example>", ["ines@example.com"], "Résumé", "Text\n")
    items = "\n".join(ITEM.format(number) for number in (4, 7))
    mail.add_alternative(
        f'<html><head><title>T</title></head><body><div class="card">{items}</div></body></html>', "html"
    )
    mail["Reply-To"] = "digest+token@relais.example"
    return mail


def test_the_answer_quotes_all_of_what_was_received() -> None:
    post = letters.post("Ann <ann@example.com>", ["p@relais.example"], "Été", "One\n\nTwo\n", letters.paper())
    answer = letters.answer("Bea <bea@example.com>", post, "Mine")
    text = letters.part_of(answer, "plain")
    assert text.splitlines()[1:] == ["> One", ">", "> Two", "", "Mine"]
    assert answer["Subject"] == "Re: Été"
    assert answer["In-Reply-To"] == post["Message-ID"]
    assert b"\r\n" in letters.as_sent(answer) and b"\n\n" not in letters.as_sent(answer)


def test_an_answer_under_topics_stands_below_the_words_of_each() -> None:
    answer = letters.answer_under("Inès <ines@example.com>", _digest(), {7: "Mine to 7", 4: "Mine to 4"})
    assert answer["To"] == "digest+token@relais.example"
    lines = [line for line in letters.part_of(answer, "plain").splitlines() if line.strip("> ")]
    assert lines[0].endswith("Relais a écrit :")
    assert lines[1:] == [
        "> [#4] Title 4", "> Words 4", "Mine to 4", "> Go <x:>", "> [#7] Title 7", "> Words 7", "Mine to 7", "> Go <x:>"
    ]  # fmt: skip


def test_a_topic_that_the_digest_does_not_show_is_no_place() -> None:
    with pytest.raises(ValueError, match="#5"):
        letters.answer_under("Inès <ines@example.com>", _digest(), {5: "Mine"})


def test_an_answer_above_is_text_alone() -> None:
    answer = letters.answer_above("Inès <ines@example.com>", _digest(), "SEMAINE")
    assert letters.part_of(answer, "html") == ""
    lines = letters.part_of(answer, "plain").splitlines()
    assert (lines[0], lines[1], lines[-1]) == ("SEMAINE", "", "> Text")
