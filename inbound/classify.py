"""What sort of mail this is: a person's, a failure report, a machine's answer, or our own coming back.

Called by reading; the first sign that holds decides, and its name goes into the log. Only mail of persons may post
(RFC 3834 §2); in doubt a mail is a person's, because a wrong guess would lose their words.
"""

from __future__ import annotations

import re
from dataclasses import replace

from gateway.core.message import BouncedRecipient, Classification, Kind, ParsedMessage
from inbound import structure
from inbound.auto_replies import auto_sign, is_automatic_subject
from inbound.bounce_text import says_failure
from inbound.bounces import Notice, is_receipt, read_complaint, read_report, read_unruly
from inbound.language import language
from inbound.returning import read_return

_DAEMON = re.compile(
    r"(?:mailer-?daemon|mail-?daemon|postmaster|mdaemon|mail[._-]?delivery|maildelivery|mmdf|"
    r"delivery[._-]?(?:subsystem|status|notification)|microsoftexchange[0-9a-f]{8})",
    re.IGNORECASE,
)
_ANSWERED = re.compile(r"(?:re|aw|sv|tr|rép|fwd?|wg|i)\s*:", re.IGNORECASE)
# How people speak of a failure; a program that does not name itself a mail system speaks of "your message".
_PERSONAL = re.compile(
    r"\bI (?:got|get|have|keep|tried|see|do|did|received|think|just|was|am)\b|\bI['’]ve\b|\bmy\b|\bj['’]|\bje\b|"
    r"\bmon\b|\bmes\b|"
    r"\?|^(?:hi|hello|hey|dear|bonjour|salut|hallo)\b",
    re.IGNORECASE,
)
_ARRIVED = ("delivered", "relayed", "expanded")
_ENTITIES = (
    ("&nbsp;", " "),
    ("&lt;", "<"),
    ("&gt;", ">"),
    ("&#43;", "+"),
    ("&#64;", "@"),
    ("&quot;", '"'),
    ("&amp;", "&"),
)
_LINE_TAG = re.compile(r"<(?:br|/?p|/?div|/?tr|/?li|/?h\d|/?table)\b[^<>]{0,500}>", re.IGNORECASE)
_SKIPPED = re.compile(r"<(style|script|title)\b[^<>]{0,500}>[^<]{0,20000}</\1", re.IGNORECASE)


def classify(parsed: ParsedMessage, reverse_path: str, our_domain: str) -> Classification:
    """The kind of `parsed`: `reverse_path` is the envelope's ("" for null), `our_domain` ours or "" if unknown."""
    if sign := _loop_sign(parsed, our_domain.lower()):
        return Classification(Kind.LOOP, sign)
    null = reverse_path in ("", "<>")
    if (reported := _report(parsed, null=null)) is not None:
        return reported
    text = _words(parsed)
    if bounce := _bounce(parsed, text, null=null):
        return bounce
    sign = auto_sign(parsed, text, null=null)
    if not sign:
        return Classification(Kind.ORDINARY)
    sent = parsed.date.date() if parsed.date else None
    return Classification(Kind.AUTO_REPLY, sign, returns=read_return(text, sent, language(text)))


def _loop_sign(parsed: ParsedMessage, our_domain: str) -> str:
    """Our own mail came back: its List-Id, Message-ID or X-Loop is of our domain (an answer's never is).

    RFC 5322 §3.6.4: an answer has a Message-ID of its own. A list that is a member of ours may write either anew.
    """
    if not our_domain:
        return ""
    if any(_is_within(value.strip(" \t<>").rpartition("<")[2], our_domain) for value in parsed.header_all("list-id")):
        return "list-id"
    if any(_is_within(value.strip(" \t<>").rpartition("@")[2], our_domain) for value in parsed.header_all("x-loop")):
        return "x-loop"
    domain = parsed.message_id.rpartition("@")[2].rstrip(">")
    return "message-id" if domain and _is_within(domain, our_domain) else ""


def _is_within(name: str, domain: str) -> bool:
    name = name.strip().rstrip(".").lower()
    return name == domain or name.endswith("." + domain)


def _is_machine(parsed: ParsedMessage, *, null: bool) -> bool:
    """A mail system wrote it, by what it says of itself."""
    submitted = parsed.header("auto-submitted").strip().lower()
    return (
        null
        or bool(_DAEMON.search(parsed.header("from")))
        or bool(parsed.header("x-failed-recipients"))
        or (bool(submitted) and not submitted.startswith("no"))
    )


def _report(parsed: ParsedMessage, *, null: bool) -> Classification | None:
    """What a report with structure says. A person may pass one on: then it is theirs, and ordinary."""
    if parsed.report is None:
        return None
    kind = parsed.header("content-type").lower()
    passed_on = bool(parsed.in_reply_to or parsed.references or _ANSWERED.match(parsed.subject))
    if not (_is_machine(parsed, null=null) or (kind.lstrip().startswith("multipart/report") or not passed_on)):
        return None
    if complaint := read_complaint(parsed.report, _originals(parsed)):
        feedback, people = complaint
        if feedback.kind in ("auth-failure", "not-spam", "dmarc"):
            return Classification(Kind.AUTO_REPLY, f"feedback-{feedback.kind}")
        people = people or _nested_addressee(parsed)
        return Classification(Kind.BOUNCE, "feedback-report", people, feedback=feedback)
    if recipients := read_report(parsed.report) or _nested_report(parsed, kind):
        return _judge(recipients)
    if is_receipt(parsed.report[:65536]):
        return Classification(Kind.AUTO_REPLY, "read-receipt")
    return None


def _judge(recipients: tuple[BouncedRecipient, ...]) -> Classification:
    missed = tuple(recipient for recipient in recipients if recipient.action not in _ARRIVED)
    if not missed:
        return Classification(Kind.AUTO_REPLY, "delivery-receipt")
    return Classification(Kind.BOUNCE, "delivery-status", missed)


def _nested_report(parsed: ParsedMessage, kind: str) -> tuple[BouncedRecipient, ...] | None:
    # Scanners on the way wrap the report into a mail of their own, whose Content-Type still says what it was.
    if "delivery-status" not in kind or kind.lstrip().startswith("multipart/report"):
        return None
    for original in _originals(parsed):
        limited = structure.limit(original)
        if b"message/delivery-status" in limited.slim.lower() and (found := read_report(limited.slim)):
            return found
    return None


def _originals(parsed: ParsedMessage) -> tuple[bytes, ...]:
    kinds = (
        "message/rfc822",
        "text/rfc822-headers",
        "message/global",
        "message/global-headers",
        "message/rfc822-headers",
    )
    return tuple(a.content for a in parsed.attachments if a.content_type in kinds and a.content)


def _nested_addressee(parsed: ParsedMessage) -> tuple[BouncedRecipient, ...]:
    notice = Notice("", "", b"", "", frozenset(), _originals(parsed))
    return tuple(replace(r, status="", action="complaint", permanent=False) for r in read_unruly(notice))


def _bounce(parsed: ParsedMessage, text: str, *, null: bool) -> Classification | None:
    """A report without structure: a mail system that says it, or a program whose subject and text both do."""
    machine = _is_machine(parsed, null=null)
    structured = parsed.header("content-type").lower().lstrip().startswith("multipart/report")
    if machine or structured:
        if not (says_failure(parsed.subject) or says_failure(text)):
            return None
    elif not _is_plain_failure(parsed, text):
        return None
    if is_automatic_subject(parsed.subject):
        return None
    failed = parsed.header("x-failed-recipients")
    own = frozenset({str(parsed.author).lower(), *parsed.recipients})
    found = read_unruly(Notice(parsed.subject, text, parsed.report or b"", failed, own, _originals(parsed)))
    daemon = bool(_DAEMON.search(parsed.header("from"))) or structured
    return Classification(Kind.BOUNCE, "failure-text", found) if found or daemon else None


def _is_plain_failure(parsed: ParsedMessage, text: str) -> bool:
    if parsed.in_reply_to or parsed.references or not says_failure(parsed.subject):
        return False
    answered = _ANSWERED.match(parsed.subject)
    if answered and not says_failure(parsed.subject[-40:]):
        return False
    # What a person quotes comes after their own words, so only the first ones count.
    opening = text.lstrip(" \t\r\n*-=")[: 120 if answered else 600]
    return says_failure(opening) and not _PERSONAL.search(opening)


def _words(parsed: ParsedMessage) -> str:
    if parsed.text is not None and parsed.text.strip():
        return parsed.text
    return _plain(parsed.html) if parsed.html else ""


def _plain(html: str) -> str:
    bare = _SKIPPED.sub(" ", html[:50_000]).replace("\r", " ").replace("\n", " ")
    bare = re.sub(r"<[^<>]{0,500}>", " ", _LINE_TAG.sub("\n", bare))
    for entity, character in _ENTITIES:
        bare = bare.replace(entity, character)
    return bare
