"""Refusals: whether a relay's 5yz is about this one mail, or about us and therefore about every mail.

Called by the session for each refusal, by the pool for each outcome; pure. A relay that lost its configuration must
not turn an outbox into failures: what is not the mail's fault is deferred. RFC 5321 §4.2.5, RFC 3463, RFC 4954 §6.
"""

from __future__ import annotations

import re

from gateway.core.reply import Reply

IN_A_ROW = 20
"""So many equal refusals without one mail taken between them are the relay's trouble."""
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


class Streak:
    """Counts equal refusals in a row."""

    def __init__(self) -> None:
        self._kind: tuple[int, str] | None = None
        self._length = 0

    def taken(self) -> None:
        """A mail was taken: the relay works."""
        self._kind, self._length = None, 0

    def refused(self, reply: Reply) -> bool:
        """Whether this 5yz is one too many of its kind."""
        kind = (reply.code, reply.enhanced)
        self._length = self._length + 1 if kind == self._kind else 1
        self._kind = kind
        return self._length >= IN_A_ROW
