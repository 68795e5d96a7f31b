"""Subtraction: what we sent is quoted whatever became of it, and what was typed inside it is the person's."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.core.message import Hints
from inbound import subtraction
from inbound.body import read_body
from inbound.parse import parse
from inbound.quoting import Label, Line, label

SENT = """Inès Delmas dans Chantiers

Bonjour à toutes et à tous,

La visite du site de Nantes est fixée au 3 décembre. Il reste deux points à trancher avant vendredi : le car part-il
de la gare ou du siège, et qui présente le plan ?

Le programme est joint, 14 800 € sont prévus.

--
Répondez à ce message : les 41 personnes de « Chantiers » vous liront, et pas seulement Inès Delmas.

Ne plus recevoir « Chantiers » :
https://relais.example/u/aecb6aidayh3l2nlhdlm32rmnknq

Relais, sujet [#12]
"""


def words(text: str, sent: str = SENT) -> str:
    """The new words of a plain answer to the sent text."""
    lines = [Line(line) for line in text.split("\n")]
    found, labels = subtraction.relabel(lines, label(lines, forward=False), [sent])
    kept = [line.text for line, what in zip(found, labels, strict=True) if what is Label.NEW and line.text.strip()]
    return "\n".join(kept)


def quoted(text: str) -> str:
    return "\n".join(f"> {line}".rstrip() for line in text.split("\n"))


def unmarked(text: str) -> str:
    return text


def shouting(text: str) -> str:
    return text.upper().replace("€", "EUR").replace("https://", "[1] https://")


def one_long_line(text: str) -> str:
    return " ".join(text.split())


def rewrapped(text: str) -> str:
    return "\n".join(" ".join(text.split()[i : i + 5]) for i in range(0, len(text.split()), 5))


@pytest.mark.parametrize("shape", [quoted, unmarked, shouting, one_long_line, rewrapped])
def test_whatever_the_client_did_only_the_answer_is_left(shape: Callable[[str], str]) -> None:
    assert words(f"Le car part du siège, je présente.\n\n{shape(SENT)}") == "Le car part du siège, je présente."
    assert words(f"{shape(SENT)}\n\nLe car part du siège, je présente.") == "Le car part du siège, je présente."


def test_an_answer_typed_inside_the_quote_is_kept_without_its_mark() -> None:
    text = quoted(SENT).replace("> Le programme", "> C'est moi, je signe demain.\n>\n> Le programme")
    assert words(text) == "C'est moi, je signe demain."


def test_one_word_typed_inside_the_quote_is_kept() -> None:
    assert words(quoted(SENT).replace("> Le programme", "> Oui\n> Le programme")) == "Oui"


def test_words_typed_at_the_end_of_a_quoted_line_bring_their_line() -> None:
    text = quoted(SENT).replace("sont prévus.", "sont prévus. Trop cher !")
    assert words(text) == "Le programme est joint, 14 800 € sont prévus. Trop cher !"


def test_a_common_turn_of_phrase_is_not_cut() -> None:
    assert words("Il reste deux points, je crois.") == "Il reste deux points, je crois."


def test_an_answer_to_something_else_is_left_alone() -> None:
    text = "Merci beaucoup pour le compte rendu.\n\n> Un tout autre message que celui-là\n> sur deux lignes"
    assert words(text) == "Merci beaucoup pour le compte rendu."


def test_the_attribution_stays_cut() -> None:
    assert words(f"D'accord.\n\nLe 20/11/2026 09:12, Inès Delmas a écrit :\n{quoted(SENT)}") == "D'accord."


def test_the_text_it_quotes_most_of_is_the_one_it_answers() -> None:
    other = SENT.replace("dans Chantiers", "in Chantiers").replace("Répondez à ce message", "Reply to this message")
    lines = [Line(line) for line in quoted(SENT).split("\n")]
    _, labels = subtraction.relabel(lines, label(lines, forward=False), [other, SENT])
    assert Label.NEW not in [what for line, what in zip(lines, labels, strict=True) if line.text.strip("> ")]


def test_in_html_too() -> None:
    html = "".join(f"<p>{line}</p>" for line in SENT.split("\n") if line)
    answer = html.replace("<p>Le programme", "<p>Je présente le plan.</p><p>Le programme")
    head = "From: a@b.example\r\nContent-Type: text/html; charset=utf-8\r\n\r\n"
    raw = f"{head}<blockquote type=cite>{answer}</blockquote>"
    body = read_body(parse(raw.encode()), Hints(sent=(SENT,)))
    assert body.text == "Je présente le plan."
    assert body.html is not None
    assert "Je présente le plan." in body.html
    assert "visite du site" not in body.html


def test_a_forward_of_ours_is_meant_to_be_read() -> None:
    raw = f"From: a@b.example\r\nSubject: Fwd: Visite\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n{SENT}"
    body = read_body(parse(raw.encode()), Hints(sent=(SENT,)))
    assert "visite du site de Nantes" in body.text + body.forwarded


@given(st.lists(st.sampled_from(["maintenant", "jamais", "peut-être", "zut", "chouette"]), min_size=1, max_size=6))
def test_no_typed_word_is_ever_lost(typed: list[str]) -> None:
    answer = " ".join(typed)
    lines = quoted(SENT).split("\n")
    for place in range(1, len(lines), 3):
        text = "\n".join([*lines[:place], f"> {answer}", *lines[place:]])
        inside = 2 < place < len(lines) - 3
        assert not inside or all(word in words(text) for word in typed)


@given(st.text(max_size=300), st.text(max_size=300))
def test_nothing_raises_and_lines_stay_lines(text: str, sent: str) -> None:
    lines = [Line(line) for line in text.split("\n")]
    found, labels = subtraction.relabel(lines, [Label.NEW] * len(lines), [sent])
    assert len(found) == len(labels) == len(lines)


def test_the_work_grows_with_the_text_and_not_faster(monkeypatch: pytest.MonkeyPatch) -> None:
    looks = 0

    class Counting(dict[tuple[str, ...], list[int]]):
        def get(self, key: tuple[str, ...], default: list[int] | None = None) -> list[int] | None:  # type: ignore[override]
            nonlocal looks
            looks += 1
            return super().get(key, default)

    def work(times: int) -> int:
        nonlocal looks
        looks = 0
        text = "the same three words again and again " * times
        sent = subtraction.prepare(text)
        monkeypatch.setattr(subtraction, "prepare", lambda _: subtraction.Sent(sent.words, Counting(sent.runs)))
        lines = [Line(text)]
        subtraction.relabel(lines, [Label.NEW], [text])
        monkeypatch.undo()
        return looks

    assert work(400) <= 2.5 * max(1, work(200))
