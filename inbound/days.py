"""The day until which somebody wants peace, as they write it in French or English: "jusqu'au 4/12", "for 2 weeks".

commands asks it for PAUSE. Numbers are read day first, in English too: the gateway lives in European companies, and the
receipt repeats the day in words. The month comes first only where the day cannot: 12/25. In French even that is an
error. Pure.
"""

from __future__ import annotations

import re
from calendar import monthrange
from datetime import date, timedelta
from typing import TypeAlias

from gateway.core.command import Problem

FARTHEST = timedelta(days=366)
"""A day beyond is a slip of the hand."""
_MONTH_NAMES = (
    "janvier janv january jan",
    "fevrier fevr fev february feb",
    "mars march mar",
    "avril avr april apr",
    "mai may",
    "juin june jun",
    "juillet juil july jul",
    "aout august aug",
    "septembre september sept sep",
    "octobre october oct",
    "novembre november nov",
    "decembre december dec",
)
_WEEKDAY_NAMES = (
    "lundi lun monday mon",
    "mardi mar tuesday tues tue",
    "mercredi mer wednesday wed",
    "jeudi jeu thursday thurs thur thu",
    "vendredi ven friday fri",
    "samedi sam saturday sat",
    "dimanche dim sunday sun",
)
_COUNT_NAMES = (
    "un une a an one",
    "deux two",
    "trois three",
    "quatre four",
    "cinq five",
    "six",
    "sept seven",
    "huit eight",
    "neuf nine",
    "dix ten",
)
_MONTHS = {name: number for number, names in enumerate(_MONTH_NAMES, 1) for name in names.split()}
_WEEKDAYS = {name: number for number, names in enumerate(_WEEKDAY_NAMES) for name in names.split()}
_COUNTS = {name: number for number, names in enumerate(_COUNT_NAMES, 1) for name in names.split()} | {"quinze": 15}
_LEAD = re.compile(r"(?:jusqu'? ?(?:au|a|en)|until|till?|through|thru|au|to)\s")
_SPAN_LEAD = re.compile(r"(?:pendant|pour|durant|for)\s")
_ARTICLE = re.compile(r"(?:le|the|on)\s")
_SPAN = re.compile(r"(?P<count>[a-z]{1,6}|[0-9]{1,9})(?:\s|(?<=[0-9]))(?P<unit>[a-z]{1,8})")
_DAY_UNITS = {
    **dict.fromkeys(("j", "d", "jour", "jours", "day", "days"), 1),
    **dict.fromkeys(("w", "sem", "semaine", "semaines", "week", "weeks"), 7),
}
_MONTH_UNITS = frozenset(("mois", "month", "months"))
_ISO = re.compile(r"(?P<year>[0-9]{4})-(?P<month>[0-9]{2})-(?P<day>[0-9]{2})")
_NUMERIC = re.compile(
    r"(?P<first>[0-9]{1,2})\s?(?P<mark>[/.-])\s?(?P<second>[0-9]{1,2})"
    r"(?:\s?(?P=mark)\s?(?P<year>[0-9]{4}|[0-9]{2}))?\.?"
)
_DAY_NUMBER = r"(?P<day>[0-9]{1,2})(?:er|st|nd|rd|th)?"
_MONTH = r"(?P<month>[a-z]{3,9})\.?"
_YEAR = r"(?:\s(?P<year>[0-9]{4}))?"
_DAY_FIRST = re.compile(rf"{_DAY_NUMBER}\s?(?:(?:of|de)\s)?{_MONTH}{_YEAR}")
_MONTH_FIRST = re.compile(rf"{_MONTH}\s(?:the\s)?{_DAY_NUMBER}{_YEAR}")
_BARE_DAY = re.compile(_DAY_NUMBER)
_WEEKDAY = re.compile(r"(?:next\s)?(?P<name>[a-z]{3,9})\.?(?:\sprochain)?")
_END = re.compile(r"(?:(?:la\s)?fin(?:\s(?:de\s|du\s|d'))?|(?:the\s)?end\sof\s(?:the\s)?)\s?(?P<month>[a-z]{3,9})")

Until: TypeAlias = date | Problem | None


def read_until(words: str, today: date, locale: str) -> Until:
    """The first day after the peace, or why there is none; None where the `words`, folded, speak of no day at all.

    A day without a year is the next such day. What ends with a month ends with its last day.
    """
    words = " ".join(words.replace(",", " ").split())
    lead, words = _cut(_LEAD, words)
    if not lead and (span := _span(_cut(_SPAN_LEAD, words)[1], today)) is not None:
        return span
    if (named := _named(words, lead, today)) is not None:
        return named
    article, words = _cut(_ARTICLE, words)
    if (lead or article) and (found := _BARE_DAY.fullmatch(words)):
        return _next_day_of_month(int(found["day"]), today)
    return _with_weekday(words, today, locale)


def _with_weekday(words: str, today: date, locale: str) -> Until:
    """A date, and before it perhaps its weekday, which has to be right."""
    first, _, rest = words.partition(" ")
    weekday = _WEEKDAYS.get(first.rstrip("."))
    if weekday is None:
        return _written(words, today, locale)
    rest = _cut(_ARTICLE, rest)[1]
    day = _written(rest, today, locale)
    if day is None and (found := _BARE_DAY.fullmatch(rest)):
        # "mar 3" is 3 March, "mardi 3" is a Tuesday.
        if first.rstrip(".") in _MONTHS:
            return _written(words, today, locale)
        day = _next_day_of_month(int(found["day"]), today)
    return Problem.NO_SUCH_DAY if isinstance(day, date) and day.weekday() != weekday else day


def _cut(pattern: re.Pattern[str], words: str) -> tuple[bool, str]:
    found = pattern.match(words)
    return (True, words[found.end() :]) if found else (False, words)


def _span(words: str, today: date) -> Until:
    """ "2 semaines", "a month", "15j"."""
    found = _SPAN.fullmatch(words)
    if found is None:
        return None
    count = int(found["count"]) if found["count"].isdigit() else _COUNTS.get(found["count"])
    if count is None:
        return None
    if (days := _DAY_UNITS.get(found["unit"])) is not None:
        return _in_reach(today + timedelta(days=count * days), today) if count <= FARTHEST.days else Problem.TOO_FAR
    if found["unit"] in _MONTH_UNITS:
        return _in_reach(_add_months(today, count), today) if count <= 12 else Problem.TOO_FAR
    return None


def _named(words: str, lead: bool, today: date) -> Until:
    """ "demain", "lundi prochain", "next week", "la fin du mois"; after "until" a month alone, which is its first."""
    if words in ("demain", "tomorrow"):
        return today + timedelta(days=1)
    if words in ("la semaine prochaine", "next week"):
        return _next_weekday(0, today)
    if words in ("le mois prochain", "next month"):
        return _add_months(today.replace(day=1), 1)
    if (found := _WEEKDAY.fullmatch(words)) and (number := _WEEKDAYS.get(found["name"])) is not None:
        return _next_weekday(number, today)
    if found := _END.fullmatch(words):
        if found["month"] in ("mois", "month"):
            return _add_months(today.replace(day=1), 1)
        if (month := _MONTHS.get(found["month"])) is not None:
            year = today.year + (month < today.month)
            return _in_reach(_add_months(date(year, month, 1), 1), today)
    if lead and (month := _MONTHS.get(words)) is not None:
        return date(today.year + (month <= today.month), month, 1)
    return None


def _written(words: str, today: date, locale: str) -> Until:
    """ "4/12", "4 décembre 2026", "Dec 4th", "2026-12-04"."""
    if found := _ISO.fullmatch(words):
        return _resolve(int(found["day"]), int(found["month"]), int(found["year"]), today)
    if found := _NUMERIC.fullmatch(words):
        day, month = int(found["first"]), int(found["second"])
        if locale[:2].lower() != "fr" and day <= 12 < month:
            day, month = month, day
        year = found["year"]
        return _resolve(day, month, int(year) + (2000 if len(year) == 2 else 0) if year else None, today)
    if found := _DAY_FIRST.fullmatch(words) or _MONTH_FIRST.fullmatch(words):
        month_number = _MONTHS.get(found["month"])
        if month_number is None:
            return None
        return _resolve(int(found["day"]), month_number, int(found["year"]) if found["year"] else None, today)
    return None


def _resolve(day: int, month: int, year: int | None, today: date) -> Until:
    """The date, without a year the next such one. Today's own is no wish to be left alone for a year."""
    for candidate in (year,) if year is not None else (today.year, today.year + 1):
        try:
            found = date(candidate, month, day)
        except ValueError:
            continue
        if year is not None or found >= today:
            return _in_reach(found, today)
    return Problem.NO_SUCH_DAY


def _in_reach(day: date, today: date) -> date | Problem:
    if day <= today:
        return Problem.PAST
    return Problem.TOO_FAR if day > today + FARTHEST else day


def _next_weekday(number: int, today: date) -> date:
    return today + timedelta(days=(number - today.weekday() - 1) % 7 + 1)


def _next_day_of_month(day: int, today: date) -> date | Problem:
    """The next day of that number. Today's own is a month away, and more likely a slip."""
    if day == today.day:
        return Problem.PAST
    return next((d for n in range(1, 62) if (d := today + timedelta(days=n)).day == day), Problem.NO_SUCH_DAY)


def _add_months(day: date, months: int) -> date:
    years, month = divmod(day.month - 1 + months, 12)
    return date(day.year + years, month + 1, min(day.day, monthrange(day.year + years, month + 1)[1]))
