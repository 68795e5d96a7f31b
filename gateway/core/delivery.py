"""Delivery: one thing to one person, as intent; Outcome: what came of one attempt.

A delivery stores no bytes: it is composed when sent, from an identity fixed when its row is born (invariant I6).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from gateway.core.reply import Reply


class DeliveryKind(StrEnum):
    """What is sent. A new kind is a member here, two templates and one golden file."""

    POST = "post"
    NOTICE = "notice"
    DIGEST = "digest"


class DeliveryState(StrEnum):
    """pending → delivered | failed | dropped, by way of deferred as often as the peer asks for patience.

    pending: not tried yet, or claimed by a sender.   deferred: 4yz, no connection, or one of a wave of digests that is
    not all to leave at once; `next_attempt_at` says when.
    delivered: the relay took it.   failed: 5yz, or five days of deferral.   dropped: withdrawn, or no right to read.
    """

    PENDING = "pending"
    DEFERRED = "deferred"
    DELIVERED = "delivered"
    FAILED = "failed"
    DROPPED = "dropped"


@dataclass(slots=True, eq=False)
class Lease:
    """Until when a claimed delivery is ours: not to be started after this, somebody else may hold it by then.

    The one thing here that changes. The sender renews or ends it, and whoever holds the mail of it sees that.
    """

    until: datetime


@dataclass(frozen=True, slots=True)
class Delivery:
    """One claimed delivery. `attempts` counts this one too and is the fence of the claim."""

    id: int
    kind: DeliveryKind
    content_id: int | None
    """The content of a post; None for a notice."""
    notice_id: int | None
    digest_id: int | None
    community_id: int | None
    """The community it is sent from; None for a notice of the network."""
    post_id: int | None
    person_id: int
    address: str
    locale: str
    key_id: int
    """The signing key its tokens were born under."""
    attempts: int
    created_at: datetime
    lease: Lease


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A composed mail on its way: the envelope and the bytes, CRLF line ends, not yet dot-stuffed."""

    delivery_id: int
    attempts: int
    reverse_path: str
    forward_path: str
    data: bytes
    lease: Lease
    """That of its delivery."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of one attempt. `state` is delivered, deferred, failed or dropped, never pending."""

    delivery_id: int
    attempts: int
    state: DeliveryState
    reply: Reply | None = None
    """The peer's answer, None where there was none (no connection, time-out, dropped)."""
    detail: str = ""
    """For the log and the row, where no reply tells: "connection refused", "withdrawn"."""
