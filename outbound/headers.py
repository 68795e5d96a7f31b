"""The header of our mails: identity, threading, List-*, Auto-Submitted.

Called by compose. Whatever came from a mail passes `clean` and leaves as plain ASCII, encoded by RFC 2047 where
needed; `check` reads the finished block back and refuses one whose fields are not exactly the intended ones.
RFC 5322, 2369, 2919, 3834, 8058. List-Unsubscribe is folded at its comma and never encoded, or one-click would die.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time
from email.header import Header
from email.parser import BytesHeaderParser
from email.policy import compat32
from email.utils import format_datetime
from functools import lru_cache
from urllib.parse import quote

from gateway.core.community import Community
from gateway.core.errors import CompositionError
from gateway.core.notice import NoticeKind, NoticeMail
from gateway.core.post import PostMail
from outbound.mime import Slot, SlotKind

SUPPRESS = "DR, RN, NRN, OOF, AutoReply"
_MAX_VALUE = 400
_MAX_NAME = 100
_DAILY_AT = time(7, 30)
_MAX_REFERENCES = 20
# Control characters, line separators, the invisible characters that turn text around, lone surrogates.
_UNSAFE = re.compile("[\x00-\x1f\x7f-\x9f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060\u2066-\u2069\ufeff\ud800-\udfff]+")
_BLANKS = re.compile("  +")
_MESSAGE_ID = re.compile(r"<[!-;=?-~]{1,200}@[!-;=?-~]{1,200}>\Z")
_RECEIPTS = frozenset((NoticeKind.RECEIPT, NoticeKind.OBEYED))
_RE = re.compile(r"(?:\s*(?:re|aw|sv|antw)\s*:\s*)+", re.IGNORECASE)

Field = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Site:
    """Who we are, the same in every mail."""

    domain: str
    """Of our mail addresses, as A-labels."""
    name: str
    """The network's name in From and footers."""
    base_url: str
    """Where our pages are, without a slash at the end."""
    separator: str = "+"
    daily_at: time = _DAILY_AT
    """When digests go to whoever has chosen no hour."""

    def address(self, local: str, detail: str = "") -> str:
        """One of our addresses; `detail` is what stands behind the separator."""
        return f"{local}{self.separator if detail else ''}{detail}@{self.domain}"

    def managers(self, community: Community | None) -> str:
        """Where a human answers: the managers of the community, the admins where there is none."""
        return self.address(community.address, "owner") if community else self.address("postmaster")


def clean(value: str, limit: int = _MAX_VALUE) -> str:
    """The value as one line without control, bidi or other invisible characters, cut at `limit` characters."""
    line = _BLANKS.sub(" ", _UNSAFE.sub(" ", value)).strip()
    return line if len(line) <= limit else line[: limit - 1].rstrip() + "…"


def unstructured(name: str, value: str) -> Field:
    """A field of free text such as Subject (RFC 2047 §5 rule 1), folded."""
    line = clean(value)
    if line.isascii() and "=?" not in line and len(name) + len(line) < 75:
        return name, line
    return name, Header(line, "utf-8", maxlinelen=75, header_name=name).encode(linesep="\r\n")


@lru_cache(maxsize=1024)
def phrase(value: str) -> str:
    """A display name: a quoted-string, or encoded words where it is not plain ASCII (RFC 2047 §5 rule 3)."""
    line = clean(value, _MAX_NAME)
    if line.isascii() and "=?" not in line:
        return '"' + line.replace("\\", "\\\\").replace('"', '\\"') + '"'
    return Header(line, "utf-8", maxlinelen=75, header_name="From").encode(linesep="\r\n")


def message_ids(values: Iterable[str]) -> str:
    """Well-formed Message-IDs, one a line, each once; of many the first and the latest. "" if none is left."""
    good = list(dict.fromkeys(value for value in values if _MESSAGE_ID.match(value)))
    if len(good) > _MAX_REFERENCES:
        good = good[:1] + good[-_MAX_REFERENCES + 1 :]
    return "\r\n ".join(good)


def subject_of(mail: PostMail, untitled: str) -> str:
    """`[Projets] title`, an answer with `Re: ` before it, once."""
    title = _RE.sub("", clean(mail.topic_title), count=1) if _RE.match(mail.topic_title) else mail.topic_title
    tag = f"[{mail.community.name}]"
    title = title.removeprefix(tag).strip() or untitled
    return f"{'Re: ' if mail.is_answer else ''}{tag} {title}"


def post_fields(site: Site, mail: PostMail, subject: str) -> list[Field]:
    """The fields of a post's mail but for those of MIME, values with slot marks where readers differ."""
    community, content = mail.community, mail.content
    posting = site.address(community.address)
    reply = site.address("reply", Slot(SlotKind.REPLY).mark)
    leave = Slot(SlotKind.LEAVE).mark
    unsubscribe = f"<{site.base_url}/u/{leave}>,\r\n <mailto:{site.address('leave', leave)}>"
    return _present(
        ("From", _mailbox(f"{content.author_name} ({community.name})", posting)),
        ("To", Slot(SlotKind.TO).mark),
        ("Reply-To", reply),
        unstructured("Subject", subject),
        ("Date", date_time(content.created_at)),
        ("Message-ID", message_ids([content.message_id])),
        ("In-Reply-To", message_ids(mail.in_reply_to)),
        # The author's own Message-ID comes last: an answer to the original, read elsewhere, finds the topic.
        ("References", message_ids([*mail.references, content.author_message_id])),
        ("List-Id", f"{phrase(community.name)} <{community.address}.{site.domain}>"),
        ("List-Post", f"<{_mailto(posting)}>"),
        ("List-Help", f"<{_mailto(site.managers(community))}>"),
        ("List-Unsubscribe", unsubscribe),
        ("List-Unsubscribe-Post", "List-Unsubscribe=One-Click"),
        ("Precedence", "list"),
        # Lists keep this one where they write the other two anew.
        ("X-Loop", posting),
        ("Auto-Submitted", "auto-generated"),
        ("X-Auto-Response-Suppress", SUPPRESS),
        ("X-Relais-Kind", "post"),
        ("MIME-Version", "1.0"),
    )


def notice_fields(site: Site, mail: NoticeMail, names: tuple[str, str], reply_to: str, date: datetime) -> list[Field]:
    """The fields of a notice but for those of MIME; `names` are the one in From and the subject.

    From is ours alone: a stranger's address there would claim what nobody proved (RFC 5322 §3.6.2).
    """
    sender, subject = names
    return _present(
        ("From", _mailbox(sender, site.address("relais"))),
        ("To", Slot(SlotKind.TO).mark),
        ("Reply-To", reply_to),
        unstructured("Subject", subject),
        ("Date", date_time(date)),
        ("Message-ID", message_ids([mail.message_id])),
        ("In-Reply-To", message_ids([mail.in_reply_to])),
        ("References", message_ids([mail.in_reply_to])),
        ("Auto-Submitted", "auto-replied" if mail.is_answer else "auto-generated"),
        ("X-Auto-Response-Suppress", SUPPRESS),
        ("X-Relais-Kind", _kind(mail.kind)),
        ("MIME-Version", "1.0"),
    )


def _kind(kind: NoticeKind) -> str:
    if kind is NoticeKind.REPORT:
        return "report"
    return "receipt" if kind in _RECEIPTS else "notice"


def digest_fields(site: Site, network: str, subject: str) -> list[Field]:
    """The fields of a digest but for Content-Type, values with slot marks where digests and readers differ.

    No List-Id and no List-Post: mail programs would offer an answer to a list that this is not. One-click ends the
    digest (RFC 8058).
    """
    leave = Slot(SlotKind.LEAVE).mark
    return [
        ("From", _mailbox(network, site.address("digest"))),
        ("To", Slot(SlotKind.TO).mark),
        ("Reply-To", site.address("digest", Slot(SlotKind.REPLY).mark)),
        unstructured("Subject", subject),
        ("Date", Slot(SlotKind.DATE).mark),
        ("Message-ID", Slot(SlotKind.MESSAGE_ID).mark),
        ("List-Unsubscribe", f"<{site.base_url}/u/{leave}>,\r\n <mailto:{site.address('leave', leave)}>"),
        ("List-Unsubscribe-Post", "List-Unsubscribe=One-Click"),
        ("Precedence", "list"),
        ("Auto-Submitted", "auto-generated"),
        ("X-Auto-Response-Suppress", SUPPRESS),
        ("X-Relais-Kind", "digest"),
        ("MIME-Version", "1.0"),
    ]


def block(fields: Sequence[Field]) -> str:
    """The fields as lines, each ended by CRLF."""
    return "".join(f"{name}: {value}\r\n" for name, value in fields)


_OUTSIDE_ASCII = re.compile(rb"[^\t\r\n\x20-\x7e]")
_BARE_END = re.compile(rb"\r(?!\n)|(?<!\r)\n")


def check(head: bytes, intended: Sequence[str]) -> None:
    """Read a finished header back, MIME fields included, up to and without the empty line.

    Raises CompositionError unless it has exactly the intended fields in their order, in 7-bit lines of CRLF of at
    most 998 characters (RFC 5322 §2.1.1).
    """
    if _OUTSIDE_ASCII.search(head) or _BARE_END.search(head) or max(map(len, head.split(b"\r\n"))) > 998:
        raise CompositionError("a header line is not plain text")
    # The stdlib's parser stands for the reader: an empty line in a value would end the header early and show here.
    parsed = BytesHeaderParser(policy=compat32).parsebytes(head + b"\r\n")
    names = parsed.keys()
    if names != list(intended) or parsed.get_payload():
        raise CompositionError(f"header fields are {', '.join(names)}; intended were {', '.join(intended)}")


def _present(*fields: Field) -> list[Field]:
    return [field for field in fields if field[1]]


def _mailbox(name: str, address: str) -> str:
    return f"{phrase(name)} <{address}>"


def _mailto(address: str) -> str:
    # RFC 6068: everything an address may hold and a URL may not is percent-encoded; `+` may stand.
    return "mailto:" + quote(address, safe="@+!$*-._~'")


def date_time(moment: datetime) -> str:
    """As the Date field says it (RFC 5322 §3.3), in UTC."""
    return format_datetime(moment.astimezone(UTC))
