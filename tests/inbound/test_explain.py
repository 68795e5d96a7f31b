from __future__ import annotations

import json

from inbound.explain import Explanation, explain
from tests.inbound.mails import HEAD, mail, multipart, part


def test_the_document_has_exactly_the_keys_of_the_contract() -> None:
    explained = explain(mail("Bonjour à tous, je suis là.\n\n-- \nAnn\n\nLe 2/3/2026 à 9:00, Bob a écrit :\n> old\n"))
    assert set(explained) == set(Explanation.__annotations__)
    assert explained["kind"] == "ordinary"
    assert explained["author"] == "alice@example.org"
    assert explained["text"] == "Bonjour à tous, je suis là."
    assert explained["language"] == "fr"
    assert explained["message_id"] == "<one@example.org>"
    assert explained["signature"] == "--\nAnn"
    assert explained["quoted"].endswith("> old")
    assert (explained["bounce"], explained["parts"], explained["command"]) == (None, [], None)
    json.dumps(explained)


def test_attachments_are_listed_without_their_bytes() -> None:
    explained = explain(HEAD + multipart("mixed", part("text/plain", "hi"), part("image/png; name=a.png", b"png")))
    (attachment,) = explained["attachments"]
    assert set(attachment) == {"name", "saved_as", "content_type", "size", "sha256", "inline"}


def test_the_return_path_tells_the_null_sender() -> None:
    assert explain(b"Return-Path: <>\r\n" + mail("x"))["kind"] == "auto_reply"
    assert explain(b"Return-Path: <a@b.example>\r\n" + mail("x"))["kind"] == "ordinary"


def test_a_bounce_names_its_recipients() -> None:
    block = b"Final-Recipient: rfc822; a@b.example\r\nAction: failed\r\n"
    status = b"Content-Type: message/delivery-status\r\n\r\nX: y\r\n\r\n" + block
    explained = explain(HEAD + multipart("report", part("text/plain", "failed"), status))
    assert explained["kind"] == "bounce"
    assert explained["bounce"] == {
        "recipients": [
            {
                "address": "a@b.example",
                "status": "",
                "action": "failed",
                "permanent": True,
                "over": True,
                "cause": "unknown",
            }
        ]
    }
