"""Refusals: whether a relay's 5yz is about this one mail, or about us and therefore about every mail.

Called by the session for each refusal, by the pool for each outcome; pure. A relay that lost its configuration must
not turn an outbox into failures: what is not the mail's fault is deferred. RFC 5321 §4.2.5, RFC 3463, RFC 4954 §6.
"""

from __future__ import annotations

import re
from collections import deque
from dataclasses import replace

from gateway.core.delivery import DeliveryState, Outcome
from gateway.core.failure import BounceCause, Failure, failure
from gateway.core.reply import Reply
from outbound.courier import TAKEN_BACK

IN_A_ROW = 20
"""So many equal refusals without one mail taken between them are the relay's trouble."""
TAKE_BACK_S = 900.0
"""A failure older than this stays one, whatever the relay says later."""
_AUTHENTICATE = frozenset((530, 534, 535, 538))
# What a sender may be refused for at MAIL that lies in the mail itself: its size, its mailbox names, its content.
_OF_THE_MAIL = ("5.2.3", "5.3.4", "5.6.")
_RELAYING = re.compile(
    r"relay(?:ing)?(?: access)? (?:is )?(?:denied|prohibited|forbidden|not (?:permitted|allowed|authorized))"
    r"|(?:unable|not (?:permitted|allowed|authorized)|do(?:es)? not|cannot|can't|won't|we don't) (?:to )?relay"
    r"|authentication (?:is )?(?:required|needed)|must (?:authenticate|issue a starttls)|not authenticated",
    re.IGNORECASE,
)


def is_about_us(reply: Reply, *, at_mail: bool) -> bool:
    """Whether this 5yz would meet every mail of ours. `at_mail`: it answers MAIL, where no recipient was named yet."""
    if not 500 <= reply.code < 600:
        return False
    if reply.code in _AUTHENTICATE or _RELAYING.search(reply.text):
        return True
    return at_mail and reply.code != 552 and not reply.enhanced.startswith(_OF_THE_MAIL)


def failure_of(outcome: Outcome) -> Failure | None:
    """What a refusal of this mail says of its reader's address; None where it was none, or came without a code.

    A relay that only says "failed" says it of the mail, not of the address.
    """
    reply = outcome.reply
    if outcome.state is not DeliveryState.FAILED or reply is None or not reply.enhanced:
        return None
    found = failure(outcome.delivery_id, reply.enhanced, permanent=reply.code >= 500)
    return None if found.cause == BounceCause.UNKNOWN else found


class Streak:
    """Counts equal refusals in a row, and keeps what failed of them until it is known whose trouble they were."""

    def __init__(self) -> None:
        self._kind: tuple[int, str] | None = None
        self._length = 0
        self._failed: deque[tuple[float, Outcome]] = deque(maxlen=IN_A_ROW)

    def taken(self) -> None:
        """A mail was taken: the relay works."""
        self._begin(None)

    def refused(self, reply: Reply) -> bool:
        """Whether this 5yz is one too many of its kind."""
        kind = _kind(reply)
        if kind != self._kind:
            self._begin(kind)
        self._length += 1
        return self._length >= IN_A_ROW

    def failed(self, outcome: Outcome, at: float) -> None:
        """A mail was said to have failed, `at` a time that only runs, in seconds."""
        if outcome.reply is not None and _kind(outcome.reply) == self._kind:
            self._failed.append((at, outcome))

    def take_back(self, reply: Reply, at: float) -> list[Outcome]:
        """What lately failed of this refusal, deferred: it was about us. Each is given once."""
        if _kind(reply) != self._kind:
            return []
        lately = [outcome for failed_at, outcome in self._failed if at - failed_at <= TAKE_BACK_S]
        self._failed.clear()
        return [replace(outcome, state=DeliveryState.DEFERRED, detail=TAKEN_BACK) for outcome in lately]

    def _begin(self, kind: tuple[int, str] | None) -> None:
        self._kind, self._length = kind, 0
        self._failed.clear()


def _kind(reply: Reply) -> tuple[int, str]:
    return reply.code, reply.enhanced
