from dataclasses import replace
from email import message_from_bytes

import pytest

from gateway.core.message import Envelope
from inbound.limits import Protocol
from inbound.trace import new_queue_id, received_field, with_word
from tests.inbound.mailroom import NOW

ENVELOPE = Envelope(
    reverse_path="ann@client.example",
    forward_paths=("team@our.example",),
    peer="192.0.2.7",
    trusted=False,
    protocol="ESMTPS",
    helo="client.example",
    received_at=NOW,
)


def unfolded(envelope: Envelope) -> str:
    field = received_field(envelope, "mx.our.example", "abc123")
    assert field.endswith(b"\r\n")
    value = message_from_bytes(field + b"\r\n")["Received"]
    return " ".join(str(value).split())


def test_one_recipient() -> None:
    assert unfolded(ENVELOPE) == (
        "from client.example ([192.0.2.7]) by mx.our.example with ESMTPS id abc123"
        " for <team@our.example>; Sat, 21 Nov 2026 09:30:00 +0000"
    )


def test_several_recipients_do_not_learn_of_each_other() -> None:
    assert " for " not in unfolded(replace(ENVELOPE, forward_paths=("a@our.example", "b@our.example")))


def test_peers_without_plain_address() -> None:
    assert "from client.example ([IPv6:2001:db8::7]) by" in unfolded(replace(ENVELOPE, peer="2001:db8::7"))
    assert "from client.example by" in unfolded(replace(ENVELOPE, peer="unix"))


@pytest.mark.parametrize(
    ("protocol", "extended", "tls", "utf8", "word"),
    [
        (Protocol.SMTP, False, False, False, "SMTP"),
        (Protocol.SMTP, True, False, False, "ESMTP"),
        (Protocol.SMTP, True, True, False, "ESMTPS"),
        (Protocol.SMTP, True, False, True, "UTF8SMTP"),
        (Protocol.SMTP, True, True, True, "UTF8SMTPS"),
        (Protocol.LMTP, True, False, False, "LMTP"),
        (Protocol.LMTP, True, True, False, "LMTPS"),
        (Protocol.LMTP, True, True, True, "UTF8LMTPS"),
    ],
)
def test_with_word(protocol: Protocol, extended: bool, tls: bool, utf8: bool, word: str) -> None:
    assert with_word(protocol, extended=extended, tls=tls, utf8=utf8) == word


def test_queue_ids_differ() -> None:
    assert len({new_queue_id() for _ in range(1000)}) == 1000
