"""The mail data of one DATA command: octets in, the message's octets out, and what is wrong with them.

Pure and incremental: memory does not grow with the mail, however it is cut into pieces. Called by the listener.
Only CRLF.CRLF ends a mail and bare CR, LF or NUL refuse it, so that nothing can be smuggled past us or through us.
RFC 5321 §2.3.8, §4.1.1.4 (end of data), §4.5.2 (transparency), §6.3 (loops).
"""

from __future__ import annotations

from gateway.core.reply import Reply

LINE_OCTETS = 65_536
"""Longest line taken, CRLF apart: far above the 998 of RFC 5322 §2.1.1, because real mail is."""
MAX_HOPS = 100

_END = b"\r\n.\r\n"
_HOP = b"\r\nreceived:"

BARE = Reply(550, "5.6.11", "A line end other than CRLF, or NUL, in the mail data")
_LONG_LINE = Reply(500, "5.5.2", "Line too long in the mail data")
_LONG_HEADER = Reply(552, "5.3.4", "Header section too large")
_LOOP = Reply(554, "5.4.6", "Too many hops")


class Dots:
    """Reads until the final dot. `fault` is the refusal, None while the mail is fine; the first fault stands."""

    def __init__(self, max_octets: int, header_octets: int) -> None:
        self._max_octets = max_octets
        self._header_octets = header_octets
        # The data begins at the start of a line: an end of line stands before it, held back and never given out.
        self._held = b"\r\n"
        self._virtual = True
        self._run = 0
        self._head_tail: bytes | None = b"\r\n"
        self._head_size = 0
        self._hops = 0
        self.size = 0
        """Octets of the message so far."""
        self.wasted = 0
        """Octets read after the first fault."""
        self.fault: Reply | None = None
        self.bare = False
        """CR, LF or NUL stood alone somewhere: close after the reply."""
        self.done = False
        self.rest = b""
        """What came after the final dot: the next command."""

    def refuse(self, reply: Reply) -> None:
        """Refuse the mail, for a reason found here or elsewhere, and only read on to its end."""
        self.fault = self.fault or reply

    def feed(self, chunk: bytes) -> bytes:
        """The message octets that `chunk` completes, dots unstuffed; b"" once there is a fault."""
        if self.fault is not None:
            self.wasted += len(chunk)
        window = self._held + chunk
        end = window.find(_END)
        if end >= 0:
            piece, self._held, self.rest, self.done = window[: end + 2], b"", window[end + len(_END) :], True
        else:
            cut = len(window) - _begun(window)
            piece, self._held = window[:cut], window[cut:]
        if not piece:
            return b""
        self._check_line_ends(piece)
        if self.fault is not None:
            return b""
        # A piece never ends inside an end of line, so no stuffed dot lies across two pieces.
        text = piece.replace(b"\r\n.", b"\r\n")
        if self._virtual:
            self._virtual, text = False, text[2:]
        self._check_size(text)
        return b"" if self.fault is not None else text

    def _check_line_ends(self, piece: bytes) -> None:
        ends = piece.count(b"\r\n")
        if piece.count(b"\r") != ends or piece.count(b"\n") != ends or b"\0" in piece:
            # This refusal outranks the others: it is the one after which the connection is closed.
            self.bare, self.fault = True, BARE
        elif not self._lines_fit(piece):
            self.refuse(_LONG_LINE)

    def _lines_fit(self, piece: bytes) -> bool:
        if len(piece) + self._run <= LINE_OCTETS:
            last = piece.rfind(b"\r\n")
            self._run = self._run + len(piece) if last < 0 else len(piece) - last - 2
            return True
        # Jump from line end to line end, each time to the last one within reach.
        start = -self._run
        while len(piece) - start > LINE_OCTETS:
            last = piece.rfind(b"\r\n", max(start, 0), start + LINE_OCTETS + 2)
            if last < 0:
                return False
            start = last + 2
        self._run = len(piece) - start
        last = piece.rfind(b"\r\n", max(start, 0))
        if last >= 0:
            self._run = len(piece) - last - 2
        return True

    def _check_size(self, text: bytes) -> None:
        self.size += len(text)
        if self.size > self._max_octets:
            self.refuse(Reply(552, "5.3.4", f"Message larger than {self._max_octets} octets"))
        elif self._head_tail is not None:
            self._check_header(self._head_tail, text)

    def _check_header(self, tail: bytes, text: bytes) -> None:
        scan = tail + text
        end = scan.find(b"\r\n\r\n")
        section = scan if end < 0 else scan[: end + 2]
        self._head_size += len(section) - len(tail)
        self._hops += section.lower().count(_HOP)
        # One octet less than what is counted is kept, so that nothing is counted twice.
        self._head_tail = scan[-(len(_HOP) - 1) :] if end < 0 else None
        if self._head_size > self._header_octets:
            self.refuse(_LONG_HEADER)
        elif self._hops > MAX_HOPS:
            self.refuse(_LOOP)


def _begun(window: bytes) -> int:
    """How many octets at the end of `window` may be the beginning of the end of data."""
    for count in range(len(_END) - 1, 0, -1):
        if window.endswith(_END[:count]):
            return count
    return 0
