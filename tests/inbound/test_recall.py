"""A recall is told by its one sentence; a reminder that is called the same is a post."""

from __future__ import annotations

from dataclasses import replace

import pytest

from gateway.core.message import Body, Classification, Kind, Reading
from inbound.recall import recalled
from tests.inbound.test_policy import PARSED


def reading(subject: str, text: str, kind: Kind = Kind.ORDINARY) -> Reading:
    return Reading(replace(PARSED, subject=subject), Body(text, None), Classification(kind), "en")


@pytest.mark.parametrize(
    ("subject", "text"),
    [
        ("Recall: Budget 2027", 'Claire Morel would like to recall the message, "Budget 2027".'),
        ("Rappel : Budget 2027", "Claire Morel souhaite rappeler le message « Budget 2027 »."),
        ("Rappel\u00a0: Budget 2027", "MOREL Claire voudrait rappeler le\nmessage «\u00a0Budget 2027\u00a0»."),
    ],
)
def test_a_recall_names_the_mail(subject: str, text: str) -> None:
    assert recalled(reading(subject, text)) == "Budget 2027"


@pytest.mark.parametrize(
    ("subject", "text"),
    [
        ("Rappel : Budget 2027", "N'oubliez pas de voter avant vendredi."),
        ("Rappel : Budget 2027", ""),
        ("Budget 2027", 'Claire Morel would like to recall the message, "Budget 2027".'),
        ("Recall: Budget", 'Claire would like to recall the message, "Budget".\nAnd what do you think of it?'),
        ("Recall: Budget", "I would like to recall the message of the founders: save first. " * 12),
    ],
)
def test_anything_else_is_a_post(subject: str, text: str) -> None:
    assert recalled(reading(subject, text)) is None


def test_a_machine_recalls_nothing() -> None:
    text = 'Claire would like to recall the message, "Budget".'
    assert recalled(reading("Recall: Budget", text, Kind.AUTO_REPLY)) is None
