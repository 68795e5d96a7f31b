"""Files and marks that old programs put into the text itself: uuencoded files and text/enriched.

parts asks for each text part. Linear; never raises. RFC 1896; POSIX uuencode.
"""

from __future__ import annotations

import re

from inbound import structure

MAX_FILES = 50
_BEGIN = re.compile(r"begin [0-7]{3,4} (\S[^\n]{0,200})\Z")
_MARK = re.compile(r"<(/?)([A-Za-z0-9-]{1,40})>")
_LINE_ENDS = re.compile(r"\n+")


def take_files(text: str) -> tuple[str, list[tuple[str, bytes]]]:
    """(the text without them, name and content of each) of the uuencoded files in `text`; an unended one is text."""
    if "\nend" not in text or "begin " not in text:
        return text, []
    lines = text.split("\n")
    kept: list[str] = []
    files: list[tuple[str, bytes]] = []
    open_at: int | None = None
    for at, line in enumerate(lines):
        if open_at is None:
            if len(files) < MAX_FILES and _BEGIN.match(line):
                open_at = at
            else:
                kept.append(line)
        elif line.rstrip() == "end":
            body = lines[open_at + 1 : at]
            content = structure.decode_uu("\n".join(body).encode("ascii", "replace"))
            if content and all(map(_is_encoded, body)):
                files.append((lines[open_at][6:].partition(" ")[2].strip(), content))
            else:
                kept += lines[open_at : at + 1]
            open_at = None
    if open_at is not None:
        kept += lines[open_at:]
    return "\n".join(kept), files


def _is_encoded(line: str) -> bool:
    """The line has the length that its first character tells, give or take what blanks lose on the way."""
    line = line.rstrip("\r")
    if not line or line in ("`", " "):
        return True
    length = (ord(line[0]) - 32 & 63) * 4 // 3
    return ord(line[0]) <= 96 and length - 4 <= len(line) - 1 <= length + 6


def plain_of_enriched(text: str) -> str:
    """The words of text/enriched: single line ends are blanks, n of them n-1, `<<` is `<`, marks and params go."""
    text = _LINE_ENDS.sub(lambda ends: " " if len(ends[0]) == 1 else "\n" * (len(ends[0]) - 1), text)
    out: list[str] = []
    skipping = False
    for number, piece in enumerate(text.split("<<")):
        if number and not skipping:
            out.append("<")
        last = 0
        for mark in _MARK.finditer(piece):
            if not skipping:
                out.append(piece[last : mark.start()])
            last = mark.end()
            if mark[2].lower() == "param":
                skipping = not mark[1]
        if not skipping:
            out.append(piece[last:])
    return "".join(out)
