"""Decision: the verdict on one arrival, with one word of reason from a closed list.

The word is the same in the log, in the metric and in the row. To add a house rule: one Reason here, one line in
inbound/policy.py.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Verdict(StrEnum):
    """What happens to an arrival. `discard` is silent; `reject` is answered to a proven author, and to nobody else."""

    PUBLISH = "publish"
    HOLD = "hold"
    REJECT = "reject"
    DISCARD = "discard"
    UNSUBSCRIBE = "unsubscribe"
    FORWARD = "forward"
    SHARE_OUT = "share_out"
    """Its parts each go their own way: posts, thanks, commands, questions."""
    OBEY = "obey"
    PASS_ON = "pass_on"
    """It goes to one person, and is no post."""
    THANK = "thank"
    """It is counted for the post that it answers, and sent to nobody."""
    ASK = "ask"
    """It cannot be read as an answer to what we asked: its writer gets the words back with the question."""


class Reason(StrEnum):
    """Why. Each word stands in policy.py."""

    # publish
    MEMBER_POST = "member_post"
    MEMBER_ANSWER = "member_answer"
    OPEN_POST = "open_post"
    # hold
    TOKEN_OF_ANOTHER = "token_of_another"
    SENDER_NOT_PROVEN = "sender_not_proven"
    SENDER_NOT_CHECKED = "sender_not_checked"
    SENDER_UNKNOWN = "sender_unknown"
    LOOKS_AUTOMATIC = "looks_automatic"
    FASTER_THAN_HUMAN = "faster_than_human"
    NOT_ADDRESSED = "not_addressed"
    MODERATED = "moderated"
    FIRST_POST = "first_post"
    LARGE_AUDIENCE = "large_audience"
    FILE_TYPE = "file_type"
    TOPIC_FLOOD = "topic_flood"
    """More comes for its topic than people write; it is decided anew once that is over."""
    AUTHOR_FLOOD = "author_flood"
    """Its author has posted as much within the hour as anybody may."""
    CHARTER = "charter"
    """Its author has yet to accept what everybody promises before they post."""
    # reject
    NOT_A_MEMBER = "not_a_member"
    ENCRYPTED = "encrypted"
    UNREADABLE = "unreadable"
    EMPTY = "empty"
    ATTACHMENT_TOO_LARGE = "attachment_too_large"
    TOPIC_CLOSED = "topic_closed"
    TOPIC_GONE = "topic_gone"
    COMMUNITY_ARCHIVED = "community_archived"
    NO_PLACE = "no_place"
    DIGEST_GONE = "digest_gone"
    PERSON_GONE = "person_gone"
    """To whom it was written is no longer here."""
    REFUSED = "refused"
    EXPIRED = "expired"
    # discard
    AUTO_REPLY = "auto_reply"
    BOUNCE = "bounce"
    LOOP = "loop"
    DUPLICATE = "duplicate"
    ANSWERED_ELSEWHERE = "answered_elsewhere"
    SUSPENDED = "suspended"
    # share_out, obey
    DIGEST_ANSWER = "digest_answer"
    COMMAND = "command"
    # ask
    NOT_UNDERSTOOD = "not_understood"
    # unsubscribe, forward
    LEAVE_TOKEN = "leave_token"
    FOR_THE_ADMINS = "for_the_admins"
    # pass_on
    LETTER = "letter"
    # thank
    THANKS = "thanks"


APPROVABLE = frozenset(
    (
        Reason.MODERATED,
        Reason.FIRST_POST,
        Reason.LARGE_AUDIENCE,
        Reason.FILE_TYPE,
        Reason.TOKEN_OF_ANOTHER,
        Reason.NOT_ADDRESSED,
        Reason.LOOKS_AUTOMATIC,
        Reason.FASTER_THAN_HUMAN,
        Reason.TOPIC_FLOOD,
        Reason.AUTHOR_FLOOD,
    )
)
"""What is held for a word of who runs the community. Its author is proven: nobody has to vouch for more."""
FLOODS = frozenset((Reason.TOPIC_FLOOD, Reason.AUTHOR_FLOOD))
"""There are too many of these to ask about each of them."""
UNPROVEN = frozenset((Reason.SENDER_NOT_PROVEN, Reason.SENDER_NOT_CHECKED, Reason.SENDER_UNKNOWN))
"""What is held for want of a proven author: no word by mail publishes it in somebody's name but that person's own."""


@dataclass(frozen=True, slots=True)
class Decision:
    """One verdict with its reason; `flag` names something odd that did not change the verdict."""

    verdict: Verdict
    reason: Reason
    flag: str = ""
