"""NoticeMail: a mail about the fate of one mail, to the person who sent it.

Written by the store for outbound/compose.py. What a person wrote is never lost (invariant I13): a returned text is
whole, never an excerpt.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from gateway.core.community import Community
from gateway.core.decision import Reason


class NoticeKind(StrEnum):
    """What the notice says. A new kind is a member here, its words in templates/mail/notice and one golden file."""

    RETURNED = "returned"
    """Nothing was posted; the text comes back."""
    WAITING = "waiting"
    """The mail is held until a manager has looked at it."""


@dataclass(frozen=True, slots=True)
class NamedFile:
    """A file that the person's mail carried: its safe name and its size in octets."""

    name: str
    size: int


@dataclass(frozen=True, slots=True)
class NoticeMail:
    """One notice to one person about one mail of theirs."""

    kind: NoticeKind
    reason: Reason
    message_id: str
    """Ours, fixed when the notice was born, with angle brackets."""
    reference: str
    """A short word by which a human finds the case again, such as "A-1042"."""
    community: Community | None
    """Where the mail wanted to go; None where that is no community."""
    sent_to: str
    """The address the person wrote to. A token in it is left out: `reply@example.org`."""
    topic_title: str
    """The topic it answered; "" where it answered none."""
    subject: str
    """The person's own subject, as are the next four."""
    text: str
    files: tuple[NamedFile, ...]
    in_reply_to: str
    """Message-ID of the person's mail; "" where it had none."""
    sent_at: datetime
    timezone: str
    """IANA name of the person's zone, in which `sent_at` is told."""
    limit_bytes: int
    """What attachments may weigh, in octets; told where they were too large."""
