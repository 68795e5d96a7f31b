"""When somebody is back, as their vacation program says it, in French, English and German.

classify asks it for the text of automatic answers. Conservative: a date that can be read in two ways, lies in the past
or more than a year ahead is none. Pure; linear in the at most MAX_TEXT characters it reads.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date, timedelta

MAX_TEXT = 4000
_WINDOW = 60

# "back on" is the day itself and wins over "until", which is often the last day away.
_BACK = re.compile(
    r"\bback\b|\breturn(?:ing|s)?\b|\bin the office (?:again )?(?:on|from)\b|de retour|mon retour|"
    r"retour (?:est )?pr[ée]vu|"
    r"\breviens\b|\breviendrai\b|\brentre(?:rai)?\b|\breprendrai\b|joignable [àa] (?:partir|compter) d|"
    r"\bab (?:dem )?(?=\d)|wieder (?:ab|am|im)|zur(?:ü|ue)ck",
    re.IGNORECASE,
)
_UNTIL = re.compile(
    r"\buntil\b|\btill\b|\bthrough\b|jusqu['’]au|jusqu['’]à|jusqu['’]|\bau (?=\d)|\bbis\b|\bto (?=\d|[a-z]+ \d)",
    re.IGNORECASE,
)
_MONTH_NAMES = (
    "january janvier januar jänner jan janv",
    "february février fevrier februar feb févr fev fév",
    "march mars märz maerz mar mär mrz",
    "april avril apr avr",
    "may mai",
    "june juin juni jun",
    "july juillet juli jul juil",
    "august août aout aug",
    "september septembre sep sept",
    "october octobre oktober oct okt",
    "november novembre nov",
    "december décembre decembre dezember dec déc dez",
)
_MONTHS = {name: number for number, names in enumerate(_MONTH_NAMES, 1) for name in names.split()}
_MONTH = r"([a-zà-ÿ]{3,9})\.?"
_YEAR = r"(?:,?\s+(\d{4}))?"
_ISO = re.compile(r"(?<!\d)(20\d\d)-(\d\d)-(\d\d)(?!\d)")
_DAY_FIRST = re.compile(rf"(?<!\d)(\d{{1,2}})(?:er|st|nd|rd|th)?\.?\s(?:of\s)?{_MONTH}{_YEAR}", re.IGNORECASE)
_MONTH_FIRST = re.compile(rf"\b{_MONTH}\s(\d{{1,2}})(?:st|nd|rd|th)?(?![\d:]){_YEAR}", re.IGNORECASE)
_NUMERIC = re.compile(r"(?<![\d/.-])(\d{1,2})([/.-])(\d{1,2})(?:\2(\d{4}|\d\d)(?!\d)|(?![\d]))")
_NIGHT = timedelta(days=1)


def read_return(text: str, sent: date | None, language: str | None) -> date | None:
    """The day `text` gives for the end of an absence; `sent` is the mail's own day, `language` that of the text."""
    text = " ".join(text[:MAX_TEXT].split())
    for phrase in (_BACK, _UNTIL):
        for said in phrase.finditer(text):
            window = text[said.end() : said.end() + _WINDOW]
            # The next sentence may speak of another day.
            window = re.split(r"[!?;]|(?<!\d)\.\s(?=[A-ZÀ-Ý])", window)[0]
            for day in _dates(window, sent, language):
                return day if _is_likely(day, sent) else None
    return None


def _is_likely(day: date, sent: date | None) -> bool:
    return sent is None or sent - _NIGHT <= day <= sent + timedelta(days=366)


def _dates(window: str, sent: date | None, language: str | None) -> Iterator[date]:
    found: list[tuple[int, date]] = []
    for match in _ISO.finditer(window):
        _add(found, match.start(), _day(match[1], int(match[2]), match[3], sent))
    for match in _DAY_FIRST.finditer(window):
        _add(found, match.start(), _day(match[3], _MONTHS.get(match[2].lower(), 0), match[1], sent))
    for match in _MONTH_FIRST.finditer(window):
        _add(found, match.start(), _day(match[3], _MONTHS.get(match[1].lower(), 0), match[2], sent))
    for match in _NUMERIC.finditer(window):
        first, second = int(match[1]), int(match[3])
        if match[2] == "." or language in ("fr", "de", "es", "it", "pt", "nl", "pl") or first > 12:
            _add(found, match.start(), _day(match[4], second, match[1], sent))
        elif second > 12:
            _add(found, match.start(), _day(match[4], first, match[3], sent))
        elif first == second:
            _add(found, match.start(), _day(match[4], first, match[1], sent))
    yield from (day for _, day in sorted(found))


def _add(found: list[tuple[int, date]], at: int, day: date | None) -> None:
    if day is not None:
        found.append((at, day))


def _day(year: str | None, month: int, day: str, sent: date | None) -> date | None:
    """The date; without a year the next such day after `sent`, and none where `sent` is unknown."""
    try:
        if year:
            return date(int(year) + (2000 if len(year) == 2 else 0), month, int(day))
        if sent is None:
            return None
        this = date(sent.year, month, int(day))
        return this if this >= sent - _NIGHT else date(sent.year + 1, month, int(day))
    except ValueError:
        return None
