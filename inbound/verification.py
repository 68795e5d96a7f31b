"""What we find out ourselves about an author, where no border of ours did: DKIM, SPF, DMARC, ARC.

Called by authenticity in a reader process, so that nothing waits but the mails of its batch. Whoever cannot be related
to the author's domain is never asked about. What could not be asked is temporary, and never a pass (RFC 8601 §2.7).
"""

from __future__ import annotations

from dataclasses import dataclass

from gateway.core import address
from gateway.core.address import Address, AddressError
from gateway.core.message import Envelope
from inbound import organization, seals, submission
from inbound.organization import Standing
from inbound.resolver import NotAnsweredError, Questions
from inbound.seals import Seal


@dataclass(frozen=True, slots=True)
class Verifying:
    """How mails are verified: whom to ask, and whose seals are believed. It travels to the reader processes."""

    nameservers: tuple[str, ...] = ()
    """HOST:PORT; () for those of the system."""
    sealers: frozenset[str] = frozenset()
    """Domains whose ARC-Authentication-Results count as a border's would."""


@dataclass(frozen=True, slots=True)
class Findings:
    """What was found about one mail."""

    spf: str
    """The result for the reverse-path; "" where that domain has nothing to say of the author."""
    signed_by: tuple[str, ...]
    """Domains related to the author's whose signatures hold."""
    dmarc: str
    """pass, fail, none or temperror."""
    seal: Seal | None
    unanswered: bool
    """Something was asked and not answered."""

    def __str__(self) -> str:
        """The findings in one line, for the record."""
        said = [f"dmarc={self.dmarc}", f"dkim={','.join(self.signed_by) or 'none'}"]
        said += [f"spf={self.spf}"] if self.spf else []
        said += [f"arc={self.seal.domain}"] if self.seal else []
        return " ".join(said)


def verify(
    raw: bytes, author: Address, envelope: Envelope, questions: Questions, sealers: frozenset[str] = frozenset()
) -> Findings:
    """All that can be found out about this mail within the bounds of `questions`. Never raises."""

    def speaks_of_author(domain: str) -> bool:
        return organization.are_related(domain, author.domain)

    signed_by = tuple(seals.signers(raw, author, questions, speaks_of_author))
    sender = _sender(envelope)
    spf = ""
    if not envelope.trusted and sender and speaks_of_author(sender.domain):
        spf = submission.check(questions, envelope.peer, str(sender), envelope.helo)
    try:
        standing = organization.stand(author.domain, questions)
        dmarc = _dmarc(standing, signed_by, sender.domain if sender and spf == "pass" else "", questions)
    except NotAnsweredError:
        dmarc = "temperror"
    seal = None
    if sealers and dmarc != "pass":
        seal = seals.seal(raw, author, questions, sealers)
    return Findings(spf, signed_by, dmarc, seal, questions.unanswered)


def _sender(envelope: Envelope) -> Address | None:
    """Whom SPF is asked about: the reverse-path, of a null one the name of the peer (RFC 7208 §2.4)."""
    try:
        return address.parse(envelope.reverse_path or f"postmaster@{envelope.helo}")
    except AddressError:
        return None


def _dmarc(standing: Standing, signed_by: tuple[str, ...], permitted_by: str, questions: Questions) -> str:
    if standing.record is None:
        return "none"
    if any(standing.is_aligned(domain, "adkim", questions) for domain in signed_by):
        return "pass"
    if permitted_by and standing.is_aligned(permitted_by, "aspf", questions):
        return "pass"
    return "fail"
