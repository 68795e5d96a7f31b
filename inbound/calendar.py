"""An invitation in words: what a mail says that is nothing but a calendar entry (RFC 5545, RFC 6047).

parts asks where no part has words. Answers to invitations have none of their own, and stay without. Never raises.
"""

from __future__ import annotations

import re

from inbound import charset

MAX_OCTETS = 64 * 1024
_FOLD = re.compile(r"\r?\n[ \t]")
_STAMP = re.compile(r"(\d{4})(\d\d)(\d\d)(?:T(\d\d)(\d\d)\d\dZ?)?\Z")
_ANSWERS = ("REPLY", "COUNTER", "REFRESH", "DECLINECOUNTER")
_ESCAPED = re.compile(r"\\([\\;,nN])")


def entry_words(content: bytes) -> str:
    """Title, beginning, place and description of the first event, each on its line; "" where it has none."""
    fields: dict[str, str] = {}
    for line in _FOLD.sub("", charset.decode(content[:MAX_OCTETS])).splitlines():
        name, colon, value = line.partition(":")
        name = name.partition(";")[0].upper()
        if name == "METHOD" and value.strip().upper() in _ANSWERS:
            return ""
        if name == "END" and value.strip().upper() == "VEVENT":
            break
        # A time zone has beginnings too, which are nobody's.
        if name == "BEGIN" and value.strip().upper() == "VEVENT":
            fields.clear()
        if colon and name in ("SUMMARY", "DTSTART", "LOCATION", "DESCRIPTION"):
            fields.setdefault(name, _plain(value).strip())
    if "SUMMARY" not in fields and "DESCRIPTION" not in fields:
        return ""
    when = _STAMP.match(fields.get("DTSTART", ""))
    begins = f"{when[1]}-{when[2]}-{when[3]}" + (f" {when[4]}:{when[5]}" if when[4] else "") if when else ""
    head = "\n".join(filter(None, (fields.get("SUMMARY", ""), begins, fields.get("LOCATION", ""))))
    return charset.clean_text("\n\n".join(filter(None, (head, fields.get("DESCRIPTION", "")))))


def _plain(value: str) -> str:
    return _ESCAPED.sub(lambda mark: "\n" if mark[1] in "nN" else mark[1], value)
