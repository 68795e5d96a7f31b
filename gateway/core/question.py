"""Question: what a notice asks, so that one word answers it.

Written by the actions of inbound, kept with the notice, and read again when its answer comes in. An answer settles the
row that the question is about, under its lock: the notice itself is never settled.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time
from enum import StrEnum

from gateway.core.urgency import Urgency


class Asks(StrEnum):
    """What is asked. A new one is a member here, its words in inbound/asking.py and its template."""

    JOIN = "join"
    """Of a person: do you want to be a member?"""
    LETTER = "letter"
    """Nothing: whatever is answered to a letter goes to who wrote it."""
    CHARTER = "charter"
    """Of a person: do you accept what everybody promises before they post?"""
    MODERATE = "moderate"
    """Of those who run a community: does this mail go out?"""
    REQUEST = "request"
    """Of those who run a community: may this person come in?"""
    INVITATION = "invitation"
    """Of a person whom a member asks in: do you come?"""
    OFFER = "offer"
    """Of who wrote to a community without belonging to it: do you want in, and your mail posted?"""

    MINE = "mine"
    """Of whoever an unproven mail names as its author: is it yours?"""
    LIGHTER = "lighter"
    """Of an author whose files are too large: does your mail go out without them?"""
    WITHDRAW = "withdraw"
    """Of an author whose post is out: do you want it back?"""
    PROBE = "probe"
    """Of somebody whose address failed for good: do you read this? Nothing need be answered."""
    ABSENCE = "absence"
    """Of somebody whose mailbox says that they are away: do you want a pause until you are back?"""
    REACHED = "reached"
    """Of somebody whose address failed for good, and who wrote to us: do your mails come in again?"""

    ADDRESS = "address"
    """Of a person: is this address yours, too?"""


OF_THE_MAILBOX = frozenset(
    (Asks.JOIN, Asks.INVITATION, Asks.OFFER, Asks.CHARTER, Asks.MINE, Asks.ADDRESS, Asks.PROBE, Asks.REACHED)
)
"""Asked of whoever reads a mailbox: its token alone proves the answer, for that one question."""


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked, and what it is about: ids, each None where it is about no such thing."""

    asks: Asks
    community_id: int | None = None
    person_id: int | None = None
    """Whom it is about, where that is not its reader: who wants in, who invites."""
    arrival_id: int | None = None
    """The mail that waits."""
    post_id: int | None = None
    request_id: int | None = None
    """The row of join_requests."""
    taken_off: tuple[str, ...] = ()
    """The names of files that will not go out with the mail."""
    until: date | None = None
    """The day on which the question is over, where its reader is."""
    before: datetime | None = None
    """Until then a post can be taken back; None where it cannot."""
    at_once: int = 0
    """How many people get the post by itself."""
    in_digests: int = 0
    """How many read of it in a digest."""
    later: int = 0
    """How many of those get it only when their quiet hours end."""
    later_from: datetime | None = None
    """When the first of them does; None where nobody waits."""
    urgency: Urgency = Urgency.NONE
    urgent_count: int = 0
    """How many urgent posts its reader has made within a week, this one included, and how many that may be."""
    urgent_limit: int = 0
    address: str = ""
    """That is asked about."""
    again: bool = False
    """It was asked before, and nobody answered."""


@dataclass(frozen=True, slots=True)
class Circumstances:
    """What a question, or the answer to a command, tells of what it is about, as it is when the mail is composed."""

    who: str = ""
    """The name of the person it is about."""
    by: str = ""
    """The name of the person who did it."""
    members: int = 0
    """Of the community."""
    pace: str = ""
    """At which its reader hears of the one community that an answer to a command is about; "" where not at all."""
    hour: time | None = None
    """Of its reader's digests; None where it is the network's."""
    posts_a_week: int = 0
    """Over the last four weeks, rounded up."""
    charter: str = ""
    """Its words, where it is the charter that is asked about."""
