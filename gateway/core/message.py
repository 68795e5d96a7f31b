"""A mail as it moves inwards: Envelope and bytes, then ParsedMessage, Body and Kind, together a Reading.

Envelope facts come from the wire only (invariant I7); everything in ParsedMessage comes from bytes a stranger wrote.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum

from gateway.core.address import Address
from gateway.core.digest import Part, SentDigest
from gateway.core.failure import BounceCause, cause_of
from gateway.core.ruling import Ruling


@dataclass(frozen=True, slots=True)
class Envelope:
    """What the wire said (RFC 5321 §2.3.1). Addresses are canonical text; the null reverse-path is ""."""

    reverse_path: str
    forward_paths: tuple[str, ...]
    peer: str
    """IP address of the peer, "unix" for a Unix socket, "local" for the command line, "" for a mailbox."""
    trusted: bool
    """The peer is one whose Authentication-Results count."""
    protocol: str
    """As our Received line says it: ESMTP, ESMTPS, UTF8SMTP, LMTP… (RFC 3848, RFC 6531 §4.3), IMAP or local."""
    helo: str
    """The name that the peer gave itself; of a mailbox, the account."""
    received_at: datetime


@dataclass(frozen=True, slots=True)
class Arrival:
    """One message for one forward-path, claimed by a worker."""

    id: int
    forward_path: str
    rulings: frozenset[Ruling] = frozenset()
    """What people said about it while it waited."""
    """A human looked at it and wants it published, whoever sent it."""


@dataclass(frozen=True, slots=True)
class Mail:
    """One claimed message with its arrivals, which are decided together. `attempts` is the fence of the claim."""

    id: int
    envelope: Envelope
    size: int
    blob: str
    """sha256 of the raw bytes where they are a blob; "" where they are in the row."""
    raw: bytes | None = field(repr=False)
    arrivals: tuple[Arrival, ...]
    attempts: int
    failures: int


@dataclass(frozen=True, slots=True)
class Attachment:
    """One attached file. `name` is safe to show and to save: no path, no control or bidi character."""

    name: str
    content_type: str
    """Lower-case type/subtype, never with parameters."""
    size: int
    sha256: str
    inline: bool
    content_id: str = ""
    """Without angle brackets; what a cid: URL in the HTML names."""
    content: bytes | None = field(default=None, repr=False)
    """The decoded bytes, until they are stored as a blob under sha256; then None."""
    named: bool = True
    """False where the sender gave no name and `name` is ours."""


@dataclass(frozen=True, slots=True)
class ParsedMessage:
    """One mail, read with every guard up. Missing or damaged fields are empty, and named in `defects`."""

    author: Address | None
    """The one address of the one From; None if there is not exactly one good one (`author_defect` says why)."""
    author_name: str
    author_defect: str
    subject: str
    message_id: str
    """With angle brackets, as are the next two; "" if missing or malformed (RFC 5322 §3.6.4)."""
    in_reply_to: tuple[str, ...]
    references: tuple[str, ...]
    """Oldest first, as in the header, at most 100 (the first and the latest are kept)."""
    date: datetime | None
    recipients: tuple[str, ...]
    """Address keys of To then Cc in their order, at most 500."""
    headers: tuple[tuple[str, str], ...]
    """Every header field in order: lower-case name, unfolded raw value; decoded by nobody yet."""
    text: str | None
    """The author's text/plain parts, joined; None if there is none. A nested message/rfc822 is not the author's."""
    html: str | None
    """The text/html part as it came: not yet clean."""
    attachments: tuple[Attachment, ...]
    report: bytes | None = field(repr=False)
    """The bytes of the mail where it looks like a report (multipart/report and its unruly kin), for classify."""
    content_digest: str
    """sha256 of the body as it came, line ends and trailing blanks folded: what a second copy of the mail shares."""
    defects: tuple[str, ...]

    def header(self, name: str) -> str:
        """The first field of that (lower-case) name, or ""."""
        return next((value for key, value in self.headers if key == name), "")

    def header_all(self, name: str) -> tuple[str, ...]:
        """All fields of that (lower-case) name, topmost first."""
        return tuple(value for key, value in self.headers if key == name)


@dataclass(frozen=True, slots=True)
class Body:
    """What the person wrote now, apart from what the mail only carries along. Text is NFC with \\n line ends."""

    text: str
    html: str | None
    """Clean HTML of the same words; None where the mail had none or cutting it safely was not possible."""
    quoted: str = ""
    signature: str = ""
    forwarded: str = ""
    """A forwarded message below the person's own words."""


@dataclass(frozen=True, slots=True)
class Hints:
    """What we know beside the bytes that helps to tell a person's new words. Taken on trust by nobody: it only cuts
    what is word for word the same."""

    sent: tuple[str, ...] = ()
    """Texts of ours that this mail may answer, as we sent them."""
    earlier: tuple[str, ...] = ()
    """The latest texts of the same author, with their signatures."""
    digest: SentDigest | None = None
    """The digest that this mail answers, as its reader got it."""


NOTHING_KNOWN = Hints()


class Kind(StrEnum):
    """What sort of mail this is; only `ordinary` is a person speaking to us."""

    ORDINARY = "ordinary"
    BOUNCE = "bounce"
    AUTO_REPLY = "auto_reply"
    LOOP = "loop"


@dataclass(frozen=True, slots=True)
class BouncedRecipient:
    """One recipient of a failure report (RFC 3464 §2.3). `status` is "" where the report names none.

    Three questions, three answers: `over` is this mail's fate, `permanent` whether another try could have helped, and
    `cause` whether the address is to blame: a full mailbox may be permanent for one mail and is no dead address.
    """

    address: str
    status: str
    """As the report names it; where it only has words, what they mean, of class 5 where the delivery is over."""
    action: str
    """failed, delayed, delivered, relayed, expanded; complaint for a feedback report (RFC 5965); "" where unknown."""
    permanent: bool
    """The delivery is over, and no code of class 4 says that the same mail might pass later."""

    @property
    def over(self) -> bool:
        """This mail will not be delivered any more: nobody is still trying."""
        return self.action in ("failed", "")

    @property
    def cause(self) -> BounceCause:
        """Why, as far as the status tells."""
        return cause_of(self.status)


@dataclass(frozen=True, slots=True)
class Feedback:
    """A feedback report (RFC 5965). Its addresses are a stranger's words: only a signed one among them counts."""

    kind: str
    """Its Feedback-Type, lower-case: abuse, fraud, virus, other, not-spam, opt-out…"""
    reverse_paths: tuple[str, ...]
    """From where the mail came that it is about, as the report and the header of that mail say, each once."""


@dataclass(frozen=True, slots=True)
class Classification:
    """The kind of a mail, the sign that gave it away, and the recipients a bounce speaks of."""

    kind: Kind
    sign: str = ""
    bounced: tuple[BouncedRecipient, ...] = ()
    returns: date | None = None
    """The day an automatic answer gives for the end of an absence."""
    feedback: Feedback | None = None
    """Where it is a feedback report."""


@dataclass(frozen=True, slots=True)
class Reading:
    """Everything the bytes alone can tell: what a reader process hands to the pipeline."""

    parsed: ParsedMessage
    body: Body
    classification: Classification
    language: str | None
    """ISO 639-1 code of the new words, None where they are too few to tell."""
    parts: tuple[Part, ...] | None = None
    """The new words by topic, where the mail answers a digest that the hints told of; None where they told of none."""
