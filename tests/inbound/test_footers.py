from __future__ import annotations

import pytest

from inbound import footers


@pytest.mark.parametrize(
    "text",
    [
        "Sent from my iPhone",
        "*Envoyé de mon iPhone*",
        "« Envoyé depuis mon Fairphone »",
        "Sent from Outlook for Android<https://aka.ms/x>",
        "Envoyé à partir de Outlook pour iOS",
        "Sent from my BlackBerry® wireless device",
        "Typos courtesy of my iPad",
    ],
)
def test_footers_of_programs(text: str) -> None:
    assert footers.is_mobile_footer(text)


@pytest.mark.parametrize(
    "text",
    [
        "Sent from Paris with love",
        "Sent from my iPhone because my computer is broken, sorry for that",
        "Envoyé par la poste ce matin",
        "Get Bob for Monday",
        "The phone was sent from my office",
        "",
    ],
)
def test_sentences_of_people(text: str) -> None:
    assert not footers.is_mobile_footer(text)


def test_lists_say_how_to_leave_them() -> None:
    assert footers.is_list_notice("To unsubscribe from this group, send an email to x+unsubscribe@groups.example")
    assert not footers.is_list_notice("To unsubscribe from the newsletter, ask Ann.")


def test_a_wish_for_a_program_is_a_persons() -> None:
    assert not footers.is_mobile_footer("Get Outlook for the new laptop too, please")
    assert footers.is_mobile_footer("Get Outlook for Android")
    assert footers.is_mobile_footer("Télécharger Outlook pour iOS")
