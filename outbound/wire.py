"""What an SMTP client writes and reads: commands, dot-stuffed data, replies. Pure; session.py talks.

Nothing a mail or an address contains can become a second command, and nothing a peer sends can grow without bound.
RFC 5321 §3.3, §4.1.1, §4.2, §4.5.2; RFC 1870 (SIZE), RFC 6152 (8BITMIME), RFC 6531 (SMTPUTF8), RFC 2034.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from gateway.core.delivery import Outgoing
from gateway.core.reply import Reply

# RFC 5321 §4.5.3.1.5 allows 512 octets; real servers write longer lines, endless ones are an attack.
MAX_LINE_OCTETS = 4096
MAX_REPLY_LINES = 128
MAX_TEXT = 2000

_ENHANCED = re.compile(r"([245]\.\d{1,3}\.\d{1,3})(?:\s+|$)")
_UNFIT_FOR_PATH = re.compile(r"[\x00-\x20\x7f<>]")


class GarbageError(Exception):
    """What the peer sent is not an SMTP reply. The message says what was wrong with it."""


@dataclass(frozen=True, slots=True)
class Extensions:
    """What the EHLO reply offered."""

    pipelining: bool = False
    eight_bit: bool = False
    utf8: bool = False
    size: bool = False
    starttls: bool = False
    auth: frozenset[str] = frozenset()


class ReplyReader:
    """Turns the octets of a peer into replies."""

    def __init__(self) -> None:
        self._rest = b""
        self._lines: list[bytes] = []

    @property
    def empty(self) -> bool:
        """True where nothing is left of an unfinished reply."""
        return not self._rest and not self._lines

    def feed(self, chunk: bytes) -> list[Reply]:
        """The replies that `chunk` completes, in order. Raises GarbageError; the reader is of no use after that."""
        lines = (self._rest + chunk if self._rest else chunk).split(b"\n")
        self._rest = lines.pop()
        if len(self._rest) > MAX_LINE_OCTETS:
            raise GarbageError("endless line")
        replies = []
        for line in lines:
            if self._lines or line[3:4] == b"-":
                reply = self._continue(line)
                if reply is not None:
                    replies.append(reply)
            else:
                replies.append(parse_line(line))
        return replies

    def _continue(self, line: bytes) -> Reply | None:
        if len(line) > MAX_LINE_OCTETS or len(self._lines) >= MAX_REPLY_LINES:
            raise GarbageError("endless reply")
        if self._lines and line[:3] != self._lines[0][:3]:
            raise GarbageError("a reply whose lines have different codes")
        self._lines.append(line)
        if line[3:4] == b"-":
            return None
        lines, self._lines = self._lines, []
        return _build(lines)


@lru_cache(maxsize=512)
def parse_line(line: bytes) -> Reply:
    """The Reply that one line is, its CR still there or not. Raises GarbageError."""
    if len(line) > MAX_LINE_OCTETS:
        raise GarbageError("endless line")
    return _build([line])


def _build(lines: list[bytes]) -> Reply:
    code = lines[0][:3]
    if not code.isdigit() or not 200 <= int(code) <= 599 or lines[-1][3:4].strip():
        raise GarbageError("no reply code")
    enhanced, texts = "", []
    for line in lines:
        text = "".join(c if c.isprintable() else "?" for c in line[4:].rstrip().decode("utf-8", "replace"))
        found = _ENHANCED.match(text)
        # A peer whose two codes disagree is believed in the code that SMTP acts on; the other stays in the text.
        if found and found[1][0] == chr(code[0]):
            enhanced = enhanced or found[1]
            text = text[found.end() :]
        texts.append(text)
    return Reply(int(code), enhanced, "\n".join(texts)[:MAX_TEXT])


def read_extensions(reply: Reply) -> Extensions:
    """What the lines of an EHLO reply after the first offer (RFC 5321 §4.1.1.1)."""
    offers = [line.upper().split() for line in reply.text.split("\n")[1:]]
    words = {offer[0] for offer in offers if offer}
    mechanisms = {word for offer in offers if offer[:1] == ["AUTH"] for word in offer[1:]}
    return Extensions(
        pipelining="PIPELINING" in words,
        eight_bit="8BITMIME" in words,
        utf8="SMTPUTF8" in words,
        size="SIZE" in words,
        starttls="STARTTLS" in words,
        auth=frozenset(mechanisms),
    )


def find_fault(mail: Outgoing, extensions: Extensions) -> str:
    """Why this mail cannot be sent to a peer with these extensions, enhanced code first; "" where it can."""
    data = mail.data
    if is_unfit_path(mail.forward_path) or not mail.forward_path:
        return "5.1.3 forward-path cannot be written"
    if is_unfit_path(mail.reverse_path):
        return "5.1.7 reverse-path cannot be written"
    # Every CR stands before an LF and every LF after a CR exactly where the three counts are one (RFC 5321 §2.3.8).
    if not data.count(b"\n") == data.count(b"\r") == data.count(b"\r\n") or b"\0" in data:
        return "5.6.0 bare CR, bare LF or NUL in the mail"
    if not extensions.eight_bit and not data.isascii():
        return "5.6.3 the mail needs 8BITMIME, which the relay does not offer"
    if not extensions.utf8 and not (mail.forward_path.isascii() and mail.reverse_path.isascii()):
        return "5.6.7 the address needs SMTPUTF8, which the relay does not offer"
    return ""


def is_unfit_path(path: str) -> bool:
    """True where `path` would end its command early or cannot be encoded."""
    if _UNFIT_FOR_PATH.search(path):
        return True
    try:
        path.encode()
    except UnicodeEncodeError:
        return True
    return False


def mail_command(mail: Outgoing, extensions: Extensions) -> bytes:
    """MAIL with the parameters that the peer offers and the mail needs."""
    command = f"MAIL FROM:<{mail.reverse_path}>"
    if extensions.size:
        command += f" SIZE={len(mail.data)}"
    if extensions.eight_bit and not mail.data.isascii():
        command += " BODY=8BITMIME"
    if not (mail.forward_path.isascii() and mail.reverse_path.isascii()):
        command += " SMTPUTF8"
    return command.encode() + b"\r\n"


def rcpt_command(mail: Outgoing) -> bytes:
    """RCPT for the one forward-path."""
    return b"RCPT TO:<%b>\r\n" % mail.forward_path.encode()


def stuff(data: bytes) -> bytes:
    """`data` with every leading dot doubled (RFC 5321 §4.5.2) and a line end at the end, the same object if it can."""
    if b"\r\n." in data:
        data = data.replace(b"\r\n.", b"\r\n..")
    if data.startswith(b"."):
        data = b"." + data
    return data if data.endswith(b"\r\n") or not data else data + b"\r\n"
