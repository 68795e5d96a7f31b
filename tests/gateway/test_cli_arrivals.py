"""relais arrivals publish, refuse, retry and drop: what a human says of a mail that waits, and that it is recorded."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.gateway.console import Console


@pytest.fixture
def calm(either_relais: Console, tmp_path: Path) -> Console:
    """A moderated community with four mails of ann's that wait, numbered 1 to 4."""
    relais = either_relais
    relais.done("community", "add", "calm", "--name", "Calm", "--post", "moderated")
    for who, role in (("ann", "member"), ("bob", "manager")):
        relais.done("person", "add", f"{who}@example.com")
        relais.done("member", "add", f"{who}@example.com", "calm", "--role", role)
    for number in range(1, 5):
        letter = tmp_path / f"{number}.eml"
        letter.write_bytes(
            f"From: ann@example.com\r\nTo: calm@talk.example.com\r\nSubject: Mail {number}\r\n"
            f"Message-ID: <{number}@example.com>\r\nDate: Fri, 20 Nov 2026 09:00:00 +0100\r\n\r\n"
            f"Words {number}.\r\n".encode()
        )
        relais.done("accept", str(letter), "--to", "calm@talk.example.com")
    relais.done("drain", "--timeout", "60")
    return relais


def test_each_word_does_what_it_says_and_is_recorded(calm: Console) -> None:
    assert calm.json("status")["arrivals"]["held"] == 4
    assert calm.json("arrivals", "publish", "1") == {"id": 1, "state": "spooled"}
    calm.done("arrivals", "refuse", "2", "--reason", "not here")
    calm.done("arrivals", "drop", "3")
    calm.done("arrivals", "retry", "4")
    assert "no held arrival" in calm.refused("arrivals", "refuse", "1")
    assert "no held arrival" in calm.refused("arrivals", "publish", "99")
    calm.done("drain", "--timeout", "60")
    shown = [calm.json("arrivals", "show", str(number)) for number in range(1, 5)]
    assert [(arrival["state"], arrival["verdict"], arrival["reason"]) for arrival in shown] == [
        ("closed", "publish", "member_post"),
        ("closed", "reject", "refused"),
        ("closed", "discard", "moderated"),
        ("held", "hold", "moderated"),
    ]
    acts = calm.json("audit", "list", "--community", "calm", "--limit", "4")["acts"]
    assert [(act["act"], act["arrival_id"], act["person"], act["detail"]) for act in reversed(acts)] == [
        ("mail_published", 1, "ann@example.com", ""),
        ("mail_refused", 2, "ann@example.com", "not here"),
        ("mail_dropped", 3, "ann@example.com", ""),
        ("mail_retried", 4, "ann@example.com", ""),
    ]
