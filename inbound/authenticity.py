"""How far we believe the author: what the topmost Authentication-Results of our own border says of the one From.

Pure; called by the reader processes. Only a trusted peer's word counts, only under exactly the configured authserv-id,
only about the domain we read ourselves. Anything missing, doubtful or malformed proves nothing (RFC 8601 §5, §7.1).
Where no border speaks, what verification found is judged by the same rules.
"""

from __future__ import annotations

from dataclasses import dataclass

import authres

from gateway.core import address
from gateway.core.address import Address, AddressError
from gateway.core.message import Envelope, ParsedMessage
from inbound import verification
from inbound.resolver import Ask, Questions
from inbound.verification import Findings, Verifying

PICKED_UP = "IMAP"
"""The protocol of an envelope whose mail lay in a mailbox."""
NOT_ANSWERED = "dns"
"""`how` of a proof that failed for want of an answer from the DNS: a later look may find it."""
_INTERNAL = "x-ms-exchange-organization-authas"
_MAX_HEADER = 8192


@dataclass(frozen=True, slots=True)
class Border:
    """Whose word on authenticity counts, and which kinds of it.

    `authserv_id` None believes nobody; "" is for borders that write no id (Microsoft 365). `proofs` are of dmarc,
    dkim (aligned) and auth (the authenticated submitter is the author).
    """

    authserv_id: str | None
    proofs: tuple[str, ...]
    mailboxes: tuple[tuple[str, str | None], ...] = ()
    """(account, its server's authserv-id), for mails picked up from mailboxes: each has a border of its own."""
    exchange: frozenset[str] = frozenset()
    """The accounts whose server is Exchange Online: it marks what its own people wrote, and takes that mark off
    everything from outside."""
    domains: frozenset[str] = frozenset()
    """The company's mail domains: of whom such a mark can speak."""
    verifying: Verifying | None = None
    """How we find out ourselves who wrote what no border speaks of; None where we do not."""

    def id_for(self, envelope: Envelope) -> str | None:
        """Under what id the border wrote that this mail came in by."""
        if envelope.protocol != PICKED_UP:
            return self.authserv_id
        return dict(self.mailboxes).get(envelope.helo)


@dataclass(frozen=True, slots=True)
class Proof:
    """Whether the author is who From says. `how` is the word for the log: the proof, or why there is none."""

    proven: bool
    how: str
    temporary: bool = False
    """Who checked could not tell at the time (temperror)."""
    seen: str = ""
    """What was found where we looked ourselves, in one line for the record."""


def find(raw: bytes, parsed: ParsedMessage, envelope: Envelope, border: Border, ask: Ask | None) -> Proof:
    """The proof by the border's word or, where none speaks of such mails and the settings want it, by our own search.

    `ask` is the DNS. Never raises.
    """
    left_to_us = not envelope.trusted or border.id_for(envelope) is None
    if parsed.author is None or not left_to_us or border.verifying is None or ask is None:
        return prove(parsed, envelope, border)
    findings = verification.verify(raw, parsed.author, envelope, Questions(ask), border.verifying.sealers)
    return _judge(findings, parsed.author, border)


def prove(parsed: ParsedMessage, envelope: Envelope, border: Border) -> Proof:
    """The proof of the author's identity, from envelope and headers alone."""
    if parsed.author is None:
        return Proof(False, "no_author")
    authserv_id = border.id_for(envelope)
    if not envelope.trusted or authserv_id is None:
        return Proof(False, "no_border")
    headers = parsed.header_all("authentication-results")
    if not headers:
        return _within_exchange(parsed, envelope, border)
    results = _results(headers[0], authserv_id)
    if results is None:
        return Proof(False, "foreign_results")
    if method := _passed(results, parsed.author, border.proofs):
        return Proof(True, method)
    temporary = any(str(result.result).lower() == "temperror" for result in results)
    return Proof(False, "no_pass", temporary)


def _judge(findings: Findings, author: Address, border: Border) -> Proof:
    """The proof in what we found out ourselves: by the same kinds as a border's word, or by a seal that is believed."""
    how = ""
    if "dmarc" in border.proofs and findings.dmarc == "pass":
        how = "dmarc"
    elif "dkim" in border.proofs and any(_aligned(domain, author.domain) for domain in findings.signed_by):
        how = "dkim"
    elif findings.seal and _passed(_parsed(findings.seal.results) or [], author, border.proofs):
        how = "arc"
    if how:
        return Proof(True, how, seen=str(findings))
    if findings.unanswered:
        return Proof(False, NOT_ANSWERED, temporary=True, seen=str(findings))
    return Proof(False, "no_pass", seen=str(findings))


def _within_exchange(parsed: ParsedMessage, envelope: Envelope, border: Border) -> Proof:
    """Exchange Online writes no results on mail between people of one tenant, only that they were signed in."""
    assert parsed.author is not None
    marks = [value.strip().lower() for value in parsed.header_all(_INTERNAL)]
    is_theirs = envelope.protocol == PICKED_UP and envelope.helo in border.exchange
    if is_theirs and marks == ["internal"] and parsed.author.domain in border.domains:
        return Proof(True, "internal")
    return Proof(False, "no_results")


def _passed(results: list[authres.core.AuthenticationResult], author: Address, proofs: tuple[str, ...]) -> str:
    """The first of these kinds of proof that passed for this author, "" for none."""
    for result in results:
        method = str(result.method).lower()
        if method in proofs and str(result.result).lower() == "pass" and _speaks_of(result, author):
            return method
    return ""


def _results(value: str, authserv_id: str) -> list[authres.core.AuthenticationResult] | None:
    """The results of this header, None if it is not our border's or not well-formed."""
    # A border without an id begins with its first result; the parser needs some id to go on.
    text = f"none.invalid; {value}" if authserv_id == "" else value
    if authserv_id == "" and "=" not in value.partition(";")[0]:
        return None
    return _parsed(text, authserv_id)


def _parsed(text: str, authserv_id: str = "") -> list[authres.core.AuthenticationResult] | None:
    if len(text) > _MAX_HEADER:
        return None
    try:
        header = authres.AuthenticationResultsHeader.parse(f"Authentication-Results: {text}")
    except (authres.AuthResError, ValueError, IndexError, AttributeError, TypeError):
        return None
    if authserv_id and str(header.authserv_id).lower() != authserv_id.lower():
        return None
    return list(header.results)


def _speaks_of(result: authres.core.AuthenticationResult, author: Address) -> bool:
    properties = {(p.type.lower(), p.name.lower()): str(p.value) for p in result.properties}
    match str(result.method).lower():
        case "dmarc":
            return _same_domain(properties.get(("header", "from"), ""), author.domain)
        case "dkim":
            signer = properties.get(("header", "d")) or properties.get(("header", "i"), "").rpartition("@")[2]
            return _aligned(signer, author.domain)
        case "auth":
            return _same_mailbox(properties.get(("smtp", "auth"), ""), author)
        case _:
            return False


def _same_domain(claimed: str, domain: str) -> bool:
    try:
        return address.canonical_domain(claimed.rpartition("@")[2]) == domain
    except AddressError:
        return False


def _aligned(signer: str, domain: str) -> bool:
    """The signer is the author's domain or one above it, by whole labels (RFC 7489 §3.1.1, without a suffix list:
    nobody can publish a key for a public suffix)."""
    try:
        canonical = address.canonical_domain(signer)
    except AddressError:
        return False
    return "." in canonical and (canonical == domain or domain.endswith("." + canonical))


def _same_mailbox(claimed: str, author: Address) -> bool:
    try:
        return address.parse(claimed).key == author.key
    except AddressError:
        return False
