"""Learned signatures: a contact block that two earlier mails ended with is not what the person says now."""

from __future__ import annotations

from inbound import tails
from inbound.quoting import Label, Line

TAIL = "Nadia Benali\nResponsable logistique\nTél. 01 44 55 66 77"
EARLIER = [f"Le quai 3 est libre.\n\n{TAIL}", f"Livraison demain matin.\n{TAIL}\n"]


def new_words(text: str, earlier: list[str]) -> str:
    lines = [Line(line) for line in text.split("\n")]
    labels = tails.relabel(lines, [Label.NEW] * len(lines), earlier)
    return "\n".join(line.text for line, what in zip(lines, labels, strict=True) if what is Label.NEW).strip()


def test_a_tail_of_two_earlier_mails_is_a_signature() -> None:
    assert new_words(f"Je confirme.\n\n{TAIL}", EARLIER) == "Je confirme."


def test_blanks_do_not_matter() -> None:
    assert new_words(f"Je confirme.\n  {TAIL.replace(' ', '  ')}", EARLIER) == "Je confirme."


def test_one_mail_is_no_habit() -> None:
    assert TAIL in new_words(f"Je confirme.\n\n{TAIL}", EARLIER[:1])


def test_a_closing_formula_is_not_a_contact_block() -> None:
    greeting = "Bien à vous,\nNadia"
    assert new_words(f"Oui.\n{greeting}", [f"Non.\n{greeting}", f"Si.\n{greeting}"]).endswith(greeting)


def test_one_line_is_too_little() -> None:
    assert new_words("Oui.\n01 44 55 66 77", ["Non.\n01 44 55 66 77"] * 3) == "Oui.\n01 44 55 66 77"


def test_who_sends_only_the_tail_means_it() -> None:
    assert new_words(TAIL, EARLIER) == TAIL


def test_quoted_lines_below_do_not_hide_the_tail() -> None:
    lines = [Line(line) for line in f"Je confirme.\n{TAIL}\n> Un message".split("\n")]
    labels = [Label.NEW] * 4 + [Label.QUOTED]
    assert tails.relabel(lines, labels, EARLIER) == [Label.NEW, *[Label.SIGNATURE] * 3, Label.QUOTED]
