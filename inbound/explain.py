"""What a mail says, without a store: the deciding half of `relais explain`, for people, scorers and fuzzers.

explain() is pure and never raises, whatever the bytes; destination, decision and reason are added where a store is at
hand.
"""

from __future__ import annotations

from typing import TypedDict

from gateway.core.message import BouncedRecipient, Classification, Kind, Reading
from inbound.reading import read

_LONGEST_HEADER = 65536


class ExplainedAttachment(TypedDict):
    """One attached file; `size` in octets. `name` is "" where the sender gave none; it is stored as `saved_as`."""

    name: str
    saved_as: str
    content_type: str
    size: int
    sha256: str
    inline: bool


class ExplainedRecipient(TypedDict):
    """One recipient of a failure report; `over`: nobody is still trying; `cause`: what stood in the way."""

    address: str
    status: str
    action: str
    permanent: bool
    over: bool
    cause: str


class ExplainedBounce(TypedDict):
    """The recipients a failure report speaks of."""

    recipients: list[ExplainedRecipient]


class ExplainedPart(TypedDict):
    """One topic's answer within the answer to a digest."""

    topic: int | None
    text: str


class ExplainedCommand(TypedDict):
    """A command word and what followed it."""

    verb: str
    arguments: list[str]


class Explanation(TypedDict):
    """The document that `relais explain --json` prints, as far as bytes alone can tell."""

    kind: str
    author: str | None
    subject: str
    message_id: str
    language: str | None
    text: str
    html: str | None
    quoted: str
    signature: str
    attachments: list[ExplainedAttachment]
    bounce: ExplainedBounce | None
    returns: str | None
    """The day, as 2026-08-24, on which an automatic answer says that its owner is back."""
    parts: list[ExplainedPart]
    command: ExplainedCommand | None
    defects: list[str]


def explain(raw: bytes) -> Explanation:
    """What this mail says. The reverse-path is the Return-Path field's, if it has one (RFC 5321 §4.4)."""
    written = return_path(raw)
    # Without the field any path serves that is not the null one.
    return describe(read(raw, "unknown" if written is None else written, domain=""))


def return_path(raw: bytes) -> str | None:
    """The reverse-path in the Return-Path field, "" for the null one, None without such a field (RFC 5321 §4.4)."""
    for line in raw[:_LONGEST_HEADER].replace(b"\r\n", b"\n").split(b"\n"):
        if not line:
            break
        if line[:12].lower() == b"return-path:":
            return line[12:].strip().strip(b"<>").decode("utf-8", "replace")
    return None


def describe(reading: Reading) -> Explanation:
    """The document for a Reading that is already made."""
    parsed, body, returns = reading.parsed, reading.body, reading.classification.returns
    return {
        "kind": reading.classification.kind.value,
        "author": str(parsed.author) if parsed.author else None,
        "subject": parsed.subject,
        "message_id": parsed.message_id,
        "language": reading.language,
        "text": body.text,
        "html": body.html,
        "quoted": "\n\n".join(filter(None, (body.quoted, body.forwarded))),
        "signature": body.signature,
        "attachments": [
            {
                "name": a.name if a.named else "",
                "saved_as": a.name,
                "content_type": a.content_type,
                "size": a.size,
                "sha256": a.sha256,
                "inline": a.inline,
            }
            for a in parsed.attachments
        ],
        "bounce": _bounce(reading.classification),
        "returns": returns.isoformat() if returns else None,
        "parts": [{"topic": part.topic_id, "text": part.text} for part in reading.parts or ()],
        "command": None,
        "defects": list(parsed.defects),
    }


def _bounce(classification: Classification) -> ExplainedBounce | None:
    if classification.kind is not Kind.BOUNCE:
        return None
    return {"recipients": [_recipient(recipient) for recipient in classification.bounced]}


def _recipient(recipient: BouncedRecipient) -> ExplainedRecipient:
    return {
        "address": recipient.address,
        "status": recipient.status,
        "action": recipient.action,
        "permanent": recipient.permanent,
        "over": recipient.over,
        "cause": recipient.cause.value,
    }
