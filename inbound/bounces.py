"""Failure reports: of whom they speak, and whether for ever (RFC 3464, RFC 6533, and the many that follow no RFC).

classify asks read_report() for well-made reports, read_complaint() for feedback (RFC 5965) and read_unruly() for the
rest. Pure; never raises. What comes out is a claim by a stranger: it counts only through the signed reverse-path it
was sent to.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from email import message_from_bytes
from email.message import Message

from gateway.core.message import BouncedRecipient, Feedback
from inbound import charset, structure
from inbound.bounce_shapes import read_shape
from inbound.bounce_text import ADDRESS, is_office, name_failed, read_lead, read_status, says_delay, status_beside

MAX_RECIPIENTS = 200
MAX_SCANNED = 128 * 1024
_MAX_PATHS = 10
_STATUS_KINDS = ("message/delivery-status", "message/global-delivery-status")
_REFUSED = re.compile(rb"^disposition:[^\r\n]{0,100};\s?(?:deleted|denied|failed)", re.MULTILINE)
_STATUS = re.compile(r"(?<![\d.])([245]\.\d{1,3}\.\d{1,3})(?!\d)")
_FIELD = re.compile(
    r"(original-recipient|final-recipient|x-actual-recipient|action|status|diagnostic-code)\s?:(.*)", re.IGNORECASE
)
_TO_LINE = re.compile(r"^[>\s*]{0,6}(?:to|à|an|para|envelope-to)\s?:[^\n]{0,300}$", re.IGNORECASE | re.MULTILINE)
_HELD_BACK = ("delivered", "relayed", "expanded", "delayed")


@dataclass(frozen=True, slots=True)
class Notice:
    """What read_unruly() reads of a report without structure."""

    subject: str
    text: str
    report: bytes
    failed: str
    """The X-Failed-Recipients field."""
    own: frozenset[str]
    """Addresses of the report's own envelope, which never failed; lower-case."""
    originals: tuple[bytes, ...] = ()
    """The mails, or their headers, that the report carries as parts."""


def read_report(report: bytes) -> tuple[BouncedRecipient, ...] | None:
    """The recipients of the delivery-status part, each once; None where the mail has no such part.

    `report` has the limits of structure.limit() behind it, so building its tree is cheap.
    """
    found: dict[str, BouncedRecipient] = {}
    seen = False
    for part in message_from_bytes(report).walk():
        if part.get_content_type() not in _STATUS_KINDS:
            continue
        seen = True
        for block in _blocks(part):
            recipient = _recipient(block)
            if recipient is not None and len(found) < MAX_RECIPIENTS:
                found.setdefault(recipient.address.lower(), recipient)
    return tuple(found.values()) if seen else None


def read_fields(text: str) -> tuple[BouncedRecipient, ...]:
    """The recipients of delivery-status fields that stand in plain text, as some gateways leave them."""
    found: dict[str, BouncedRecipient] = {}
    block = Message()
    for line in [*text[:MAX_SCANNED].split("\n"), ""]:
        field = _FIELD.match(line.strip()[:1000])
        if field is not None and field[1].lower() not in block:
            block[field[1].lower()] = field[2].strip()
        elif not line.strip() or field is not None:
            recipient = _recipient(block) if "action" in block or "status" in block else None
            if recipient is not None and len(found) < MAX_RECIPIENTS:
                found.setdefault(recipient.address.lower(), recipient)
            block = Message()
            if field is not None:
                block[field[1].lower()] = field[2].strip()
    return tuple(found.values())


def is_receipt(report: bytes) -> bool:
    """A read receipt (RFC 8098), and not the refusal that some delivery agents dress up as one."""
    lower = report.lower()
    if b"automatic-action/" in lower and _REFUSED.search(lower):
        return False
    return b"message/disposition-notification" in lower or b"report-type=disposition" in lower


def read_complaint(
    report: bytes, originals: Sequence[bytes] = ()
) -> tuple[Feedback, tuple[BouncedRecipient, ...]] | None:
    """What a feedback report says, and whose complaint it is (RFC 5965 §3); None for other mail.

    `originals` are the mails, or their headers, that it carries as parts.
    """
    if b"message/feedback-report" not in report[:MAX_SCANNED].lower():
        return None
    for part in message_from_bytes(report).walk():
        if part.get_content_type() != "message/feedback-report":
            continue
        fields = message_from_bytes(_octets_of(part).lstrip())
        kind = str(fields.get("feedback-type", "")).strip().lower()[:40]
        addresses: dict[str, None] = {}
        for name in ("original-rcpt-to", "removal-recipient", "x-original-recipient"):
            for value in fields.get_all(name, []):
                addresses.update(dict.fromkeys(ADDRESS.findall(str(value)[:2000])))
        people = tuple(BouncedRecipient(a, "", "complaint", False) for a in list(addresses)[:MAX_RECIPIENTS])
        told = [str(value) for value in fields.get_all("original-mail-from", [])]
        paths = dict.fromkeys(path for value in (*told, *_return_paths(originals)) for path in _distinct(value))
        return Feedback(kind or "abuse", tuple(paths)[:_MAX_PATHS]), people
    return None


def _return_paths(originals: Sequence[bytes]) -> Iterator[str]:
    for original in originals:
        fields = structure.limit(original[: structure.LARGE_PART]).fields
        yield from (charset.decode(field.value) for field in fields if field.name == b"return-path")


def read_unruly(notice: Notice) -> tuple[BouncedRecipient, ...]:
    """The addresses that a report without structure names as failed, with what it says of each."""
    if fields := read_fields(notice.text):
        return fields
    lead, rest = read_lead(notice.text)
    delayed, failed = ([], ADDRESS.findall(notice.failed[:2000])) if notice.failed else read_shape(notice.report)
    for addresses in (
        delayed + failed,
        name_failed(lead),
        ADDRESS.findall(notice.subject),
        _addressee(notice.originals, rest),
    ):
        named = _without_own(addresses, notice.own)
        if named:
            break
    late = bool(delayed) or says_delay(f"{notice.subject}\n{lead}")
    recipients = []
    for address in named:
        status = status_beside(address, lead, named, over=not late) or read_status(notice.subject, over=not late)
        action = "delayed" if late else "failed"
        recipients.append(BouncedRecipient(address, status, action, _is_permanent(action, status)))
    return tuple(recipients)


def _without_own(addresses: Sequence[str], own: frozenset[str]) -> list[str]:
    kept: dict[str, str] = {}
    for address in addresses:
        key = address.lower()
        if key not in own and len(kept) < MAX_RECIPIENTS:
            kept.setdefault(key, address)
    people = [address for address in kept.values() if not is_office(address)]
    return people or list(kept.values())


def _addressee(originals: tuple[bytes, ...], rest: str) -> list[str]:
    """To whom the returned mail was written, where that was one address."""
    for original in originals:
        fields = structure.limit(original[: structure.LARGE_PART]).fields
        found = [a for f in fields if f.name == b"to" for a in _distinct(charset.decode(f.value))]
        if found:
            return found if len(found) == 1 else []
    line = _TO_LINE.search(rest)
    found = _distinct(line[0]) if line else []
    return found if len(found) == 1 else []


def _distinct(text: str) -> list[str]:
    return list({address.lower(): address for address in ADDRESS.findall(text[:2000])}.values())


def _blocks(part: Message) -> Iterator[Message]:
    encoding = str(part.get("content-transfer-encoding", "")).strip().lower()
    payload = structure.payload_of(part)
    if encoding in ("base64", "quoted-printable"):
        # The standard library reads the blocks without decoding them first (RFC 3464 §2.1.1 wants 7bit).
        yield from _split(_octets_of(part))
    elif isinstance(payload, list):
        for block in payload:
            if isinstance(block, Message):
                yield block
                # Of message/global-delivery-status the standard library makes one mail, whose body holds the rest.
                rest = block.get_payload(decode=True)
                if isinstance(rest, bytes):
                    yield from _split(rest)


def _split(octets: bytes) -> Iterator[Message]:
    for block in re.split(rb"\r?\n[ \t]*\r?\n", octets)[: 2 * MAX_RECIPIENTS]:
        yield message_from_bytes(block.lstrip())


def _octets_of(part: Message) -> bytes:
    """The decoded octets of a message/* part, which the standard library has taken for mails."""
    payload = structure.payload_of(part)
    if isinstance(payload, list):
        text = "\n\n".join(block.as_string() for block in payload[: 2 * MAX_RECIPIENTS] if isinstance(block, Message))
    else:
        text = str(payload)
    octets = text.encode("utf-8", "surrogateescape").strip()
    match str(part.get("content-transfer-encoding", "")).strip().lower():
        case "base64":
            return charset.decode_base64(octets)
        case "quoted-printable":
            return charset.decode_quoted(octets)
        case _:
            return octets


def _recipient(block: Message) -> BouncedRecipient | None:
    # The original recipient is the one we wrote to; aliases may have made another of it on the way.
    address = _typed(block, "original-recipient")
    if "@" not in address or "." not in address.rpartition("@")[2]:
        address = _typed(block, "final-recipient") or address or _typed(block, "x-actual-recipient")
    if not address:
        return None
    action = str(block.get("action", "")).split("(")[0].strip().lower().split(" ")[0][:20]
    if action and action not in (*_HELD_BACK, "failed"):
        action = "failed"
    diagnostic = " ".join(str(block.get("diagnostic-code", ""))[:2000].split())
    found = _STATUS.search(str(block.get("status", "")))
    status = found[1] if found else ""
    if not status or status.endswith(".0.0"):
        # Many systems say no more than the class there, and leave the rest to the words of the other side.
        # The class stays that of the system that gave up (RFC 3464 §2.3.4).
        meant = read_status(diagnostic, over=action not in _HELD_BACK)
        status = status[:1] + meant[1:] if status and meant else meant or status
    return BouncedRecipient(address, status, action, _is_permanent(action, status))


def _is_permanent(action: str, status: str) -> bool:
    return action not in _HELD_BACK and not status.startswith(("2", "4"))


def _typed(block: Message, name: str) -> str:
    """The address of `rfc822; a@b` (RFC 3464 §2.1.2); a bare address is forgiven."""
    # The raw value: raw UTF-8 (RFC 6533 §3) is no longer itself where the library has made text of it.
    raw = next((str(value) for key, value in block.raw_items() if key.lower() == name), "")
    value = raw[:4000].encode("utf-8", "surrogateescape").decode("utf-8", "replace")
    value = value.replace("\r", "").replace("\n", "")[:2000]
    address = value.rpartition(";")[2].strip().strip("<>").strip()
    if " " in address and (inside := ADDRESS.findall(address)):
        address = inside[-1]
    return "".join(c for c in address if c.isprintable())[:320]
