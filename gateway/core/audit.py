"""Audit: what somebody who runs the network or a community did, and to what; one closed list of acts.

Written through store.audit in the transaction of the act itself, so no act is without its line. A new act is a member
here, and the line of code that records it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Act(StrEnum):
    """What was done."""

    MAIL_PUBLISHED = "mail_published"
    """A mail that waited was let through."""
    MAIL_REFUSED = "mail_refused"
    """A mail that waited went back to its author, with a reason."""
    MAIL_EXPIRED = "mail_expired"
    """A mail that waited went back to its author, for nobody said anything."""
    MAIL_DROPPED = "mail_dropped"
    """A mail that waited was ended; its author hears nothing."""
    MAIL_RETRIED = "mail_retried"
    """A mail that waited was put before the rules once more."""
    MEMBER_ADDED = "member_added"
    REQUEST_REFUSED = "request_refused"
    """Somebody who asked to come in may not."""
    INVITED = "invited"
    MEMBER_REMOVED = "member_removed"
    MEMBER_LEFT = "member_left"
    """By their own word."""
    ROLE_GIVEN = "role_given"
    """What somebody is in a community, or in the network where none is named."""
    TOPIC_CLOSED = "topic_closed"
    TOPIC_REOPENED = "topic_reopened"
    POST_WITHDRAWN = "post_withdrawn"
    """By its author, or by who runs the place."""
    POST_HURRIED = "post_hurried"
    """It was marked urgent, and may reach people in their quiet hours."""
    COMMUNITY_CHANGED = "community_changed"
    PERSON_SUSPENDED = "person_suspended"
    PERSON_RESTORED = "person_restored"
    """Of one who was suspended."""
    PERSON_UNREACHABLE = "person_unreachable"
    """Their address failed on too many days: nothing more is sent to them."""
    PERSON_REACHABLE = "person_reachable"
    PERSON_ERASED = "person_erased"
    CHARTER_PUBLISHED = "charter_published"
    POSTS_IMPORTED = "posts_imported"


class Hand(StrEnum):
    """Whose act it was where it was no person's of the network."""

    CLI = "cli"
    """Whoever has the command line of the machine."""
    RELAIS = "relais"
    """The gateway by itself, when something ran out."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One act, to be recorded. What it was about is named by id, as far as it was about such."""

    act: Act
    by: int | Hand
    """A person by id, or another hand."""
    community_id: int | None = None
    person_id: int | None = None
    """Whom it was done to, or whose it was."""
    topic_id: int | None = None
    post_id: int | None = None
    arrival_id: int | None = None
    detail: str = ""
    """What is new, in a few words: a role, the keys that were changed, the reason that was given. No address."""


@dataclass(frozen=True, slots=True)
class Recorded:
    """One act as it is read back: people and places by what they are called now."""

    id: int
    at: datetime
    act: str
    actor: str
    """The address of a person, or a Hand."""
    community: str | None
    """Local part of its address."""
    person: str | None
    """An address."""
    topic_id: int | None
    post_id: int | None
    arrival_id: int | None
    detail: str
