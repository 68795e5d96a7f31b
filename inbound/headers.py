"""The header block of an answered mail, as clients copy it into the text: From, Sent, To, Subject, in any order.

quoting asks at each line; answers are remembered, because it asks again below each signature. Fields may be written
with stars, colons of any width, in boxes, in columns, with long lists of addressees wrapped over lines.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from inbound import phrases

_MAX_LINES = 24
_MAX_STRANGERS = 2
# Programs write the year and the minute. Who announces a journey by From, To, Date and Subject mostly does not.
_DATE = re.compile(r"[>*\s|_]{0,8}(?:date|datum|data|dato|fecha)\b", re.IGNORECASE)
_YEAR = re.compile(r"(?<!\d)(?:\d{4}(?!\d)|\d{1,2}\s?[./-]\s?\d{1,2}\s?[./-]\s?\d{2}(?!\d))")
_MINUTE = re.compile(r"\d{1,2}\s?(?:[:.h]|[時时點点시]|uhr)\s?\d{2}(?!\d)|\d\s?[ap]\.?m\b", re.IGNORECASE)


class Headers:
    """Header blocks among the lines of one mail; `plain` is each line as a reader sees it."""

    def __init__(self, plain: Sequence[str]) -> None:
        self._plain = plain
        self._keys: dict[int, str] = {}
        self._sizes: dict[int, int] = {}
        self._has_columns = any(len(text) < 20 and phrases.bare_key(text) == "to" for text in plain)

    def size(self, start: int) -> int:
        """How many lines from `start` are a header block; 0 if none begins there."""
        if start not in self._sizes:
            self._sizes[start] = (self._block(start) or self._column(start)) if self._plain[start] else 0
        return self._sizes[start]

    def _key(self, at: int) -> str:
        if at not in self._keys:
            self._keys[at] = phrases.header_key(self._plain[at])
        return self._keys[at]

    def _block(self, start: int) -> int:
        if not self._key(start):
            return 0
        keys: set[str] = set()
        dated, addressed, at, strangers, last = False, False, start, 0, start
        while at < len(self._plain) and at < start + _MAX_LINES:
            text = self._plain[at]
            key = self._key(at)
            if key:
                if key in keys and key in ("from", "subject", "date"):
                    break
                keys.add(key)
                strangers, last = 0, at
            elif text and not phrases.is_rule(text):
                strangers += 1
                if strangers > (6 if self._is_list(text) else _MAX_STRANGERS):
                    break
                # The addressees that did not fit, or what stands below the name of its field.
                if self._is_list(text) or (at == last + 1 and phrases.is_rule(self._plain[last])):
                    last = at
            elif phrases.is_rule(text) and "|" in text:
                last = at
            dated = dated or any(c.isdigit() for c in text)
            addressed = addressed or "@" in text
            at += 1
        # A table of journeys has a From, a To and a Date too; only a mail has a subject, or an address.
        if "from" in keys and len(keys) >= 3 and (addressed or ("subject" in keys and self._is_stamped(start, at))):
            return self._boxed(last) - start + 1
        return last - start + 1 if keys >= {"from", "date"} and addressed and dated and last - start <= 3 else 0

    def _is_stamped(self, start: int, end: int) -> bool:
        """There is the year of a day or the minute of an hour; both, where the field has a name that people use."""
        lines = [text[:200] for text in self._plain[start:end] if any(map(str.isdigit, text[:200]))]
        year, minute = any(map(_YEAR.search, lines)), any(map(_MINUTE.search, lines))
        return (year and minute) if any(map(_DATE.match, lines)) else (year or minute)

    def _is_list(self, text: str) -> bool:
        return "@" in text and (text.endswith((";", ",", ">")) or ";" in text or text.startswith(("<", '"')))

    def _boxed(self, last: int) -> int:
        """The last line of the box, where the last field stands in one."""
        at = last
        while at + 1 < min(len(self._plain), last + 6):
            text = self._plain[at + 1]
            if not (phrases.is_rule(text) or text.startswith("|")):
                break
            at += 1
        return at

    def _column(self, start: int) -> int:
        """A name and a date, and below them bare names of fields, each with its value in the next line."""
        if not self._has_columns:
            return 0
        keys: list[str] = []
        last, at = start, start
        while at < len(self._plain) and at < start + _MAX_LINES and len(keys) < 3:
            if key := phrases.bare_key(self._plain[at]):
                keys.append(key)
                last = at
            elif at > start + 7 and not keys:
                return 0
            at += 1
        if keys[:1] != ["to"] or "subject" not in keys or start == last:
            return 0
        first = " ".join(self._plain[start : start + 3])
        if not any(c.isdigit() for c in first) or not ("@" in first or "/" in first):
            return 0
        following = last + 1
        while following < len(self._plain) and not self._plain[following]:
            following += 1
        return min(following, len(self._plain) - 1) - start + 1
