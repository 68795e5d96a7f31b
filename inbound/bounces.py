"""Failure reports: of whom they speak, and whether for ever (RFC 3464, RFC 6533, and the many that follow no RFC).

classify calls read_report() for well-made reports and read_unruly() for the text of the others. Pure; never raises.
What comes out is a claim by a stranger: it counts only through the signed reverse-path it was sent to.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from email import message_from_bytes
from email.message import Message

from gateway.core.message import BouncedRecipient

MAX_RECIPIENTS = 200
MAX_TEXT = 20_000
_REFUSED = re.compile(rb"^disposition:[^\r\n]{0,100};\s?(?:deleted|denied|failed)", re.MULTILINE)
_STATUS = re.compile(r"\b([245]\.\d{1,3}\.\d{1,3})\b")
_ADDRESS = re.compile(r"[A-Za-z0-9.!#$%&*+?^_`{|}~-]{1,64}@[A-Za-z0-9][A-Za-z0-9.-]{0,252}[A-Za-z0-9]")
_ORIGINAL_BELOW = re.compile(
    r"original (?:e-?)?mail|original message|copy of (?:the|your) (?:message|mail|first)|below this line|"
    r"returned m(?:ail|essage) |"
    r"start of returned|message (?:header|text|contents)|headers? (?:of|and|follow)|unsent message|rest of|next "
    r"line is|"
    r"the first \d+ lines|----- ?(?:message|transcript|unsent)|message follows|копия|副本|拷贝|begin (?:of )?(?:the "
    r")?(?:original|message)|"
    r"message original|original[- ]?nachricht|^received: |^return-path: ",
    re.IGNORECASE,
)
_FAILURE = re.compile(
    r"undeliver|not (?:be )?deliver|non[- ]?deliver|delivery (?:has )?fail|failed (?:to deliver|recipient|mail)|"
    r"failure notice|"
    r"delivery (?:problem|error|status|failure)|returned mail|return(?:ed|ing) (?:message )?to sender|mail "
    r"delivery|user unknown|"
    r"unknown (?:user|or illegal)|permanent fatal|could not send|message (?:status|failure)|processing error|"
    r"rejected mail|"
    r"automatically rejected|mail failure|no such user|mailbox (?:is )?(?:full|unavailable)|unable to deliver|"
    r"able to deliver|utilisateur (?:inconnu|non recens)|failed mail|"
    r"error (?:during|in) delivery|delay|n['’]a pas (?:pu )?[êe]tre (?:remis|distribu)|non remis|échec de (?:la "
    r")?(?:remise|livraison)|"
    r"unzustellbar|nicht zugestellt|no (?:se )?(?:pudo|entregado)|imposs[íi]vel entregar|mancato recapito|не "
    r"может быть доставлен|"
    r"无法(?:投递|送达|发送)|退信",
    re.IGNORECASE,
)
_DELAYED = re.compile(
    r"not yet been delivered|has been (?:delayed|postponed)|(?:message|delivery|mail) (?:is |was |has been "
    r")?(?:still )?delayed|"
    r"will (?:continue|keep|be retried|try again|retry)|delivery delay|could not send message for past|no "
    r"action is required|"
    r"warning[: ].{0,40}(?:delay|could not)|you do not need to resend|temporar(?:y|ily) (?:failure|"
    r"deferred).{0,40}retr|"
    r"remise retard[ée]e|wird weiter versucht|verzögert",
    re.IGNORECASE,
)
_ANNOUNCED = re.compile(
    r"did not reach the following recipient|n['’]a pas atteint (?:le|les) destinataire", re.IGNORECASE
)
_OFFICES = re.compile(
    r"(?:postmaster|mailer-daemon|abuse|helpdesk|support|hostmaster|noreply|no-reply)@", re.IGNORECASE
)


def read_report(report: bytes) -> tuple[BouncedRecipient, ...] | None:
    """The recipients of the delivery-status part, each once; None where the mail has no such part.

    `report` has the limits of structure.limit() behind it, so building its tree is cheap.
    """
    found: dict[str, BouncedRecipient] = {}
    seen = False
    for part in message_from_bytes(report).walk():
        kind = part.get_content_type()
        if kind not in ("message/delivery-status", "message/global-delivery-status"):
            continue
        seen = True
        for block in _blocks(part):
            recipient = _recipient(block)
            if recipient is not None and len(found) < MAX_RECIPIENTS:
                found.setdefault(recipient.address.lower(), recipient)
    return tuple(found.values()) if seen else None


def is_receipt(report: bytes) -> bool:
    """A read receipt (RFC 8098), and not the refusal that some delivery agents dress up as one."""
    lower = report.lower()
    if b"automatic-action/" in lower and _REFUSED.search(lower):
        return False
    return b"message/disposition-notification" in lower or b"report-type=disposition" in lower


def says_failure(text: str) -> bool:
    """The subject or text speaks of mail that was not delivered."""
    return bool(_FAILURE.search(text[:MAX_TEXT]))


def read_unruly(subject: str, text: str, failed: str, own: frozenset[str]) -> tuple[BouncedRecipient, ...]:
    """The addresses that the text of a report without structure names as failed.

    `failed` is the X-Failed-Recipients field; `own` are addresses of the report's own envelope, which never failed.
    """
    lead = _lead(text[:MAX_TEXT])
    # Some reports describe the mail first, with its addressees, and then say whom it did not reach.
    announced = _ANNOUNCED.search(lead)
    if announced and _ADDRESS.search(lead, announced.end()):
        lead = lead[announced.end() :]
    delayed = bool(_DELAYED.search(lead) or _DELAYED.search(subject) or "delay" in subject.lower())
    status = next(iter(_STATUS.findall(lead)), "")
    addresses: dict[str, str] = {}
    for address in _ADDRESS.findall(failed[:MAX_TEXT]) or _named(lead):
        key = address.lower()
        if key not in own and not _OFFICES.match(key) and len(addresses) < MAX_RECIPIENTS:
            addresses.setdefault(key, address)
    action = "delayed" if delayed else "failed"
    return tuple(BouncedRecipient(address, status, action, not delayed) for address in addresses.values())


def _blocks(part: Message) -> Iterator[Message]:
    payload = part.get_payload()
    if isinstance(payload, list):
        yield from (block for block in payload if isinstance(block, Message))


def _recipient(block: Message) -> BouncedRecipient | None:
    # The original recipient is the one we wrote to; aliases may have made another of it on the way.
    address = _typed(block, "original-recipient")
    if "@" not in address or "." not in address.rpartition("@")[2]:
        address = _typed(block, "final-recipient") or address or _typed(block, "x-actual-recipient")
    if not address:
        return None
    action = str(block.get("action", "")).split("(")[0].strip().lower().split(" ")[0][:20]
    found = _STATUS.search(str(block.get("status", "")) or str(block.get("diagnostic-code", "")))
    status = found[1] if found else ""
    permanent = action in ("failed", "failure", "") and not status.startswith(("2", "4"))
    return BouncedRecipient(address, status, action, permanent)


def _typed(block: Message, name: str) -> str:
    """The address of `rfc822; a@b` (RFC 3464 §2.1.2); a bare address is forgiven."""
    value = str(block.get(name, "")).replace("\r", "").replace("\n", "")[:2000]
    address = value.rpartition(";")[2].strip().strip("<>").strip()
    return "".join(c for c in address if c.isprintable())[:320]


def _lead(text: str) -> str:
    """What stands before the copy of the original mail."""
    kept: list[str] = []
    for line in text.split("\n"):
        if kept and any(kept) and _ORIGINAL_BELOW.search(line[:200]) and _ADDRESS.search("\n".join(kept)):
            break
        kept.append(line[:1000].strip())
    return "\n".join(kept)


def _named(lead: str) -> list[str]:
    """Addresses that stand alone or at an end of their line, or in brackets there; else all of them."""
    alone: list[str] = []
    others: list[str] = []
    for line in lead.split("\n"):
        bare = line.strip("\t <>'\"*[]():;,-.")
        found = _ADDRESS.findall(line)
        if found and (bare == found[0] or line.lstrip("\t -*>'\"").startswith(("<", found[0])) or _says_who(line)):
            alone += found[:1]
        else:
            others += found
    return alone or others


def _says_who(line: str) -> bool:
    lower = line.lower()
    return any(
        word in lower for word in ("recipient", "user", "address:", "undeliverable to", "attempts:", "following")
    )
