"""Failure: what the world said of a delivery that did not arrive, and what that means for the person's address.

Made of a report that came back to a signed reverse-path, or of a refusal by our own relay; kept by store.failures.
RFC 3463 gives the codes, RFC 5965 the complaints.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum


class BounceCause(StrEnum):
    """Why a mail did not arrive, by subject and detail of its enhanced status code (RFC 3463 §3)."""

    NO_SUCH_ADDRESS = "no_such_address"
    NO_SUCH_HOST = "no_such_host"
    FULL = "full"
    """The mailbox or its system has no room: the address lives, and may take the next mail."""
    TOO_LARGE = "too_large"
    UNREACHABLE = "unreachable"
    REFUSED = "refused"
    """A policy or a filter, not the address: another mail may pass."""
    UNKNOWN = "unknown"


class FailureKind(StrEnum):
    """What a failure counts as. Only `hard` ones speak against the address itself."""

    HARD = "hard"
    """Nobody is there, for good."""
    SOFT = "soft"
    """This mail did not arrive, and the next one may."""
    REFUSED = "refused"
    """A policy or a filter wants no mail of ours: that is between the two systems, and for an administrator."""
    COMPLAINT = "complaint"
    """The person called it unwanted."""


_CAUSES = {
    **dict.fromkeys(("1.0", "1.1", "1.3", "1.4", "1.6", "2.1"), BounceCause.NO_SUCH_ADDRESS),
    **dict.fromkeys(("1.2", "1.10", "4.3", "4.4"), BounceCause.NO_SUCH_HOST),
    **dict.fromkeys(("2.2", "3.1"), BounceCause.FULL),
    **dict.fromkeys(("2.3", "3.4"), BounceCause.TOO_LARGE),
    **dict.fromkeys(("4.0", "4.1", "4.2", "4.5", "4.6", "4.7"), BounceCause.UNREACHABLE),
    # Whom these blame is the sender (RFC 3463 §3.2).
    **dict.fromkeys(("1.7", "1.8"), BounceCause.REFUSED),
}
_GONE = (BounceCause.NO_SUCH_ADDRESS, BounceCause.NO_SUCH_HOST)
# All that many systems say of a mailbox that is not there: failed, for good, and no more.
_NO_MORE_SAID = re.compile(r"5\.[012]\.0")


@dataclass(frozen=True, slots=True)
class Failure:
    """One delivery that failed, as a report or a relay tells it."""

    delivery_id: int
    kind: FailureKind
    status: str
    """Enhanced status code (RFC 3463), "" where nobody named one."""
    cause: str
    """A BounceCause, or the type of a feedback report (RFC 5965 §7.3)."""


def cause_of(status: str) -> BounceCause:
    """Why a mail did not arrive, as far as an enhanced status code tells."""
    _, _, detail = status.partition(".")
    if detail.startswith("7."):
        return BounceCause.REFUSED
    return _CAUSES.get(detail, BounceCause.UNKNOWN)


def failure(delivery_id: int, status: str, *, permanent: bool) -> Failure:
    """What a delivery that is over counts as; `permanent` where no later try could have helped."""
    cause = cause_of(status)
    if cause is BounceCause.REFUSED:
        kind = FailureKind.REFUSED
    elif permanent and (cause in _GONE or _NO_MORE_SAID.fullmatch(status)):
        kind = FailureKind.HARD
    else:
        kind = FailureKind.SOFT
    return Failure(delivery_id, kind, status, cause.value)
