"""What a mail of an archive says of itself, whatever list programs made of its fields.

Called by gateway.archives with what a reader process read. Pure. List programs write authors as "ann at example.com",
"ann(a)example.com", "Ann via List <list@…>", and put their tag before the subject.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass
from email.utils import parseaddr

from gateway.core.address import Address
from gateway.core.message import ParsedMessage, Reading
from inbound import charset
from inbound.actions.publishing import bare_subject
from inbound.case import ReadMail
from inbound.sender import read_sender

_NAMELESS = "?"
_MAX_NAME = 200
# Pipermail writes "ann at example.com (Ann Lee)", HyperKitty "ann(a)example.com": to a parser the former is no address
# and the latter has a comment within.
_AT = re.compile(r"(?<=[^\s@<])(?:\s+at\s+|\s*\(a\)\s*|\s*\(at\)\s*|\s*\[at\]\s*)(?=[^\s@>]+\.[^\s@>]+)", re.IGNORECASE)
_VIA = re.compile(r"^[\"'\s]*(.{1,300}?)[\"'\s]*\s+via\s+.{1,200}$", re.IGNORECASE)
# Where a list program puts the author whose From it took for itself (DMARC), the surest first.
_ORIGINALS = ("x-original-from", "x-original-sender", "reply-to")


@dataclass(frozen=True, slots=True)
class Author:
    """Who wrote a mail, as far as the archive tells: `address` is None where it hides it. `name` may be ""."""

    address: Address | None
    name: str

    @property
    def key(self) -> str:
        """What two mails of the same author share: the address key, or one made of the name."""
        return self.address.key if self.address else made_up_key(self.name)


@dataclass(frozen=True, slots=True)
class ArchivedMail:
    """A mail to be imported. `parents` are Message-IDs that it may answer, the likeliest first."""

    reading: Reading
    dedup_key: str
    author: Author
    parents: tuple[str, ...]
    title: str
    """The title of the topic it opens."""
    answers: bool
    """Its subject says that it answers something, whether it names it or not."""


def made_up_key(name: str) -> str:
    """The address key of an author whose address nobody knows: the same name is the same author."""
    digest = hashlib.sha256(" ".join(name.split()).casefold().encode("utf-8", "replace")).hexdigest()
    return f"{digest[:24]}@archive.invalid"


def understand(read: ReadMail, names: Iterable[str]) -> ArchivedMail:
    """What this mail is to be imported as. `names` are those that a tag before the subject may have."""
    parsed = read.reading.parsed
    tags = (*names, *_list_names(parsed))
    bare, marked = bare_subject(parsed.subject, tags)
    return ArchivedMail(
        reading=read.reading,
        dedup_key=read.dedup_key,
        author=author(parsed),
        parents=tuple(dict.fromkeys((*parsed.in_reply_to, *reversed(parsed.references)))),
        title=bare,
        answers=marked,
    )


def refusal(reading: Reading) -> str:
    """Why a mail is not to be imported, in a word; "" where it is."""
    parsed, body = reading.parsed, reading.body
    if parsed.header("auto-submitted").strip().lower().startswith("auto-replied"):
        return "automatic"
    if "encrypted" in parsed.defects:
        return "encrypted"
    if not (parsed.author or parsed.header("from").strip()):
        return "no_author"
    if body.text.strip() or body.forwarded.strip() or parsed.attachments:
        return ""
    return "nothing_new" if body.quoted.strip() else "empty"


def author(parsed: ParsedMessage) -> Author:
    """The author of an archived mail. What a list program hid or took for itself is looked for where it left it."""
    value = parsed.header("from")
    found = Author(parsed.author, parsed.author_name) if parsed.author else read_author(value)
    via = _VIA.match(found.name)
    if via is None or not _is_of_a_list(parsed, found):
        return found
    for field in _ORIGINALS:
        original = read_author(parsed.header(field))
        if original.address and original.address != found.address:
            return Author(original.address, original.name or via[1])
    # The address is the list's: the name is all that is left of the author.
    return Author(None, via[1])


def _is_of_a_list(parsed: ParsedMessage, found: Author) -> bool:
    if found.address is None or found.address.key in parsed.recipients:
        return True
    return bool(parsed.header("list-id") or parsed.header("list-post") or parsed.header("x-original-from"))


def read_author(value: str) -> Author:
    """The author that a field's value names, obscured or not."""
    if not value:
        return Author(None, "")
    for spelling in dict.fromkeys((value, _AT.sub("@", value))):
        sender = read_sender([spelling])
        if sender.address:
            return Author(sender.address, sender.name)
    return Author(None, _name(value))


def _name(value: str) -> str:
    """What may be shown of a field that has no good address: the name beside it, else what stands before its at."""
    spelled = _AT.sub("@", value[:2000])
    name, address = parseaddr(spelled)
    words = charset.clean_line(charset.decode_words(name)).strip(" \"'") or address or spelled
    return charset.clean_line(words.partition("@")[0]).strip(" .\"'<")[:_MAX_NAME] or _NAMELESS


def _list_names(parsed: ParsedMessage) -> tuple[str, ...]:
    """What the list is called in its own header: its tag is mostly one of these (RFC 2919)."""
    value = parsed.header("list-id")
    phrase, _, identifier = value.partition("<")
    return tuple(filter(None, (phrase.strip(' "'), identifier.partition(".")[0].strip())))
