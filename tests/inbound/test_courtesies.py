"""Only what says nothing is a courtesy: in doubt the words stay."""

from __future__ import annotations

import pytest

from inbound.courtesies import is_courtesy, without

AUTHOR = "Alice Martin"


@pytest.mark.parametrize(
    "text",
    [
        "Bonjour,",
        "Bonjour à tous,",
        "Bonjour Claire et Paul,",
        "Salut l'équipe".replace("l'", ""),
        "Hello everyone,",
        "Hi all",
        "Dear colleagues,",
        "Hallo zusammen,",
        "Hola a todos",
        "Ciao a tutti,",
        "Cordialement,\nAlice",
        "Cordialement, Alice Martin",
        "Bien à vous",
        "Best regards,\nAlice Martin",
        "Merci,\nAlice",
        "Thanks, Alice",
        "Merci d'avance !",
        "Bonne journée à tous",
        "Mit freundlichen Grüßen\nAlice Martin",
        "Alice",
        "Alice Martin\nResponsable achats\n02 40 00 00 00",
        "Bonjour,\nmes réponses ci-dessous.",
        "Voici mes réponses :",
        "My answers below.",
        "Bonjour à tous, voici mes réponses :",
    ],
)
def test_what_says_nothing(text: str) -> None:
    assert is_courtesy(text.split("\n"), AUTHOR)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Merci",
        "ok",
        "+1",
        "Thanks!",
        "Bonjour, je viens.",
        "Bonjour, qui garde la clé ?",
        "Bonjour le bruit",
        "Hello, fine for me.",
        "Hi, STOP",
        "Bonne idée",
        "Bonne journée, à condition qu'il ne pleuve pas",
        "Salut, moi c'est non",
        "Bob",
        "Merci à tous pour la soupe\nAlice",
        "Alice\nJe viens aussi avec toute la famille et les chiens.",
        "Cordialement invité, je viendrai",
        "Regards croisés",
        "Voici la clé",
        "Dear all, no.",
    ],
)
def test_what_says_something(text: str) -> None:
    assert not is_courtesy(text.split("\n"), AUTHOR)


def test_a_name_is_one_only_where_it_is_the_authors() -> None:
    assert not is_courtesy(["Alice"], "")


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("OUI", "OUI"),
        ("OUI\n\nAlice", "OUI"),
        ("Bonjour,\n\nOUI\n\nCordialement,\n\nAlice Martin", "OUI"),
        ("STOP\nBest regards,\nAlice", "STOP"),
        ("Oui\n\nMerci,\nAlice Martin\nDirectrice\n+33 1 22 33 44 55", "Oui"),
        ("REFUSER trop long\n\nAlice", "REFUSER trop long"),
        ("STOP\n\nCette idée est mauvaise.\n\nAlice", "STOP\n\nCette idée est mauvaise."),
        ("STOP\n\nBob", "STOP\n\nBob"),
        ("Bonjour", "Bonjour"),
        ("", ""),
    ],
)
def test_what_is_left_without_them(text: str, left: str) -> None:
    assert without(text, "Alice Martin") == left


def test_a_long_text_is_left_alone() -> None:
    text = "Bonjour,\n" + "ligne\n" * 1000 + "Alice"
    assert without(text, "Alice") == text
