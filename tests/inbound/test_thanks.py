from __future__ import annotations

import time

import pytest

from inbound.thanks import MAX_TEXT, read_thanks


@pytest.mark.parametrize(
    "text",
    [
        *(
            "merci",
            "Merci !",
            "Merci beaucoup\u00a0!",
            "MERCI",
            "mille mercis",
            "un grand merci",
            "Merci à tous",
            "Merci encore",
        ),
        *("merci Claire", "Merci Claire Morel", "Merci, Claire.", "Merci à Claire et Paul !", "merci beaucoup @Claire"),
        *("Merci pour l’info", "Merci pour ton aide", "Super, merci !", "ok merci", "Je vous remercie."),
        *(
            "thanks",
            "Thanks!",
            "thank you so much",
            "Thank you, Claire",
            "many thanks",
            "thx",
            "Thanks a lot for your help",
        ),
        *(
            "Danke schön!",
            "Vielen Dank",
            "Herzlichen Dank, Claire",
            "muchas gracias",
            "¡Gracias!".lstrip("¡"),
            "Grazie mille",
        ),
        *("dank je wel", "Bedankt!", "Hartelijk dank", "Obrigada!", "Muito obrigado", "Grazie, Anna"),
        *("+1", "+ 1", "👍", "👍🏽👍🏽", "❤️", "❤", "🙏", "<3", ":+1:", "J’aime", "j'aime !", "like", "+1 👍"),
        *("Merci 👍", "merci :-)", "Merci 😊", "*Merci*", "“Thanks”", "Merci\n\n👍"),
        *("Bonjour Claire,\nMerci beaucoup\nBonne journée", "Merci et bonne journée", "Thanks!\nBest regards"),
    ],
)
def test_a_thank_you(text: str) -> None:
    assert read_thanks(text)


@pytest.mark.parametrize(
    "text",
    [
        *(
            "",
            " ",
            "Merci, mais je ne suis pas d'accord",
            "Merci mais non",
            "Merci. Dommage.",
            "Merci\nDommage",
            "merci ?",
        ),
        *(
            "Merci d'avance",
            "MERCI POUR RIEN",
            "Merci Pour Rien",
            "Merci Mais Non",
            "Merci de votre réponse avant lundi",
        ),
        *(
            "Merci Claire Morel Paul",
            "non merci",
            "no thanks",
            "Thanks, but no",
            "Thanks. Stop",
            "THANKS BUT NO",
            "Thanks?",
        ),
        *(
            "+10",
            "+1 pour le budget",
            "-1",
            "1",
            "👎",
            "merci 👎",
            "😊",
            "Bonjour",
            "Bonjour Claire",
            "Claire",
            "ok",
            "cordialement",
        ),
        *(
            "J'aime pas",
            "j'aime moins",
            "like it or not",
            "3 < 30",
            "Merci pour le poisson",
            "Je remercie",
            "thankless",
        ),
        "merci " * MAX_TEXT,
    ],
)
def test_an_answer(text: str) -> None:
    assert not read_thanks(text)


def test_who_signs_may_be_named_alone() -> None:
    assert read_thanks("Merci !\nPaul", "Paul Roux")
    assert read_thanks("merci\n\npaul roux", "Paul Roux")
    assert not read_thanks("Merci !\nPaul")
    assert not read_thanks("Merci !\nDommage", "Paul Roux")
    assert not read_thanks("Paul", "Paul Roux")


@pytest.mark.parametrize(
    "text", ["grazie mille mille " * 20, "merci aussi " * 30, "A" * 160, "merci et " * 40, "Anna " * 32]
)
def test_costs_little(text: str) -> None:
    begin = time.perf_counter()
    read_thanks(text[:MAX_TEXT])
    read_thanks(text[: MAX_TEXT - 1] + "x")
    assert time.perf_counter() - begin < 0.2
