from __future__ import annotations

import pickle

from gateway.core.message import Kind
from inbound.reading import read
from tests.inbound.mails import mail


def test_a_reading_is_whole_and_travels_between_processes() -> None:
    reading = read(mail("Je suis d'accord avec vous.\n"), "alice@example.org", "talk.example")
    assert reading.body.text == "Je suis d'accord avec vous."
    assert reading.classification.kind is Kind.ORDINARY
    assert reading.language == "fr"
    assert pickle.loads(pickle.dumps(reading)) == reading


def test_the_null_reverse_path_decides() -> None:
    assert read(mail("x"), "", "talk.example").classification.kind is Kind.AUTO_REPLY
