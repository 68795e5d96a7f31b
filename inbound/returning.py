"""When somebody is back, as their vacation program says it, in French, English, German, Spanish, Italian, Dutch and
Portuguese.

classify asks it for the text of automatic answers. Conservative: a date that can be read in two ways, lies in the past
or more than a year ahead is none. Pure; linear in the at most MAX_TEXT characters it reads.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

MAX_TEXT = 4000
_REACH = 60
_NIGHT = timedelta(days=1)

# The day of the return itself, said before its date; it wins over "until", which is often the last day away.
_BACK = re.compile(
    r"(?<!was )(?<!were )\bback\b|\breturn(?:ing|s)?\b|\bin the office (?:again )?(?:on|from)\b|\bavailable again\b|"
    r"\bretour\b|\breviens\b|\breviendrai\b|\brentre(?:rai)?\b|\brepren(?:ds|drai)\b|"
    r"(?:joignable|disponible|pr[ée]sente?|au bureau) (?:[àa] (?:partir|compter) d|d[èe]s|le\b)|de nouveau\b|"
    r"\bab (?:dem |den )?(?:\w{6,10},? (?:dem |den )?)?$|\bwieder\b|zur(?:ü|ue)ck|\bkehre\b|"
    r"\bde vuelta\b|\bregres\w{1,4}\b|\bvuelvo\b|\bvolver[ée]\b|\breincorpor\w{1,6}\b|"
    r"\bd[ei] ritorno\b|\b(?:ri)?torn(?:o|er[òo])\b|\brientr(?:o|er[òo])\b|\brientro\b|"
    r"\bterug\b|\bvanaf\b|\bweer\b|"
    r"\bde volta\b|\bretorn(?:o|arei)\b|\bvolto\b|\bvoltarei\b",
    re.IGNORECASE,
)
# The same, said after its date: "Am 17.8. bin ich wieder da".
_BACK_AFTER = re.compile(
    r"\bback\b|\bwieder\b|zur(?:ü|ue)ck|\bterug\b|\bweer\b|\bde retour\b|\bde vuelta\b|\bde volta\b", re.IGNORECASE
)
_UNTIL_WORDS = "until till thru through jusqu jusqu'au jusqu'à bis hasta fino tot t/m tm até ate"
_UNTIL = frozenset(_UNTIL_WORDS.split())
# Between the two dates of a span, and nowhere else a sign of one.
_SPAN_WORDS = "to au à a al ao and y e und - – —"
_SPAN = frozenset(_SPAN_WORDS.split())
_FILLER_WORDS = (
    "monday tuesday wednesday thursday friday saturday sunday mon tue tues wed thu thur thurs fri sat sun "
    "lundi mardi mercredi jeudi vendredi samedi dimanche montag dienstag mittwoch donnerstag freitag samstag "
    "sonntag lunes martes miércoles jueves viernes sábado domingo lunedì martedì mercoledì giovedì venerdì sabato "
    "domenica maandag dinsdag woensdag donderdag vrijdag zaterdag zondag segunda terça quarta quinta sexta feira "
    "the le la el il l o den dem zum zur am al au ao à met en inclus inclusive including and einschließlich "
    "einschliesslich incl dia día giorno end of and"
)
_FILLERS = frozenset(_FILLER_WORDS.split())
_MONTH_NAMES = (
    "january janvier januar jänner enero gennaio janeiro januari jan janv",
    "february février fevrier februar febrero febbraio fevereiro februari feb févr fev fév",
    "march mars märz maerz marzo março maart mar mär mrz",
    "april avril abril aprile apr avr",
    "may mai mayo maggio maio mei",
    "june juin juni junio giugno junho jun",
    "july juillet juli julio luglio julho jul juil",
    "august août aout agosto augustus aug",
    "september septembre septiembre setiembre settembre setembro sep sept",
    "october octobre oktober octubre ottobre outubro oct okt",
    "november novembre noviembre novembro nov",
    "december décembre decembre dezember diciembre dicembre dezembro dec déc dez",
)
_MONTHS = {name: number for number, names in enumerate(_MONTH_NAMES, 1) for name in names.split()}
_MONTH = r"(?P<month>[a-zà-ÿ]{3,10})\.?"
_YEAR = r"(?:,?\s(?:del?\s)?(?P<year>20\d\d))?"
_ORDINAL = r"(?:er|st|nd|rd|th|[.º°])?"
_ISO = re.compile(r"(?<!\d)(?P<year>20\d\d)-(?P<first>\d\d)-(?P<second>\d\d)(?!\d)")
_DAY_FIRST = re.compile(
    rf"(?<!\d)(?P<day>\d{{1,2}}){_ORDINAL}\s(?:of\s|de\s|di\s)?{_MONTH}{_YEAR}",
    re.IGNORECASE,
)
_MONTH_FIRST = re.compile(
    rf"\b{_MONTH}\s(?:\d{{1,2}}{_ORDINAL}\s?[-–—]\s?)?(?P<day>\d{{1,2}})(?:st|nd|rd|th)?(?![\d:]){_YEAR}",
    re.IGNORECASE,
)
_NUMERIC = re.compile(
    r"(?<![\d/.-])(?P<first>\d{1,2})(?P<mark>[/.-])(?P<second>\d{1,2})"
    r"(?:(?P=mark)(?P<year>\d{4}|\d\d)(?!\d)|(?!\d))"
)
# A day of the month that was named before.
_BARE_DAY = re.compile(
    rf"\b(?:le|the|el|il|dia|am|den|de|op)\s(?P<day>\d{{1,2}}){_ORDINAL}(?=$|[\s,.;!)])", re.IGNORECASE
)
# In one sentence; whoever lists more is not away.
_MOST_DATES = 40
_SPANNED = re.compile(rf"\d{_ORDINAL}\s?[-–—]\s?\d", re.IGNORECASE)
_DAY_FIRST_LANGUAGES = ("fr", "de", "es", "it", "pt", "nl", "pl")
_DAY_ENDS = re.compile(r"\d(?:er|st|nd|rd|th|[º°])?\Z")
_SENTENCE = re.compile(r"[!?;]|(?<!\d)\.\s(?=[A-ZÀ-Ý])")
_WORD = re.compile(r"[^\W\d_]+(?:[/'’][^\W\d_]+)?|[-–—]")


@dataclass(frozen=True, slots=True)
class _Said:
    """A date in a sentence, where it stands, and whether it closes a span by itself ("August 3-15")."""

    begin: int
    end: int
    day: date
    span: bool


def read_return(text: str, sent: date | None, language: str | None) -> date | None:
    """The day `text` gives for the end of an absence; `sent` is the mail's own day, `language` that of the text."""
    text = " ".join(text[:MAX_TEXT].split())
    until: date | None = None
    month_first = _is_month_first(text, language)
    for sentence in _SENTENCE.split(text):
        for said, begin, last in _with_room(list(_dates(sentence, sent, month_first))):
            before = sentence[max(begin, said.begin - _REACH) : said.begin]
            after = sentence[said.end : said.end + _REACH] if last else ""
            if not _is_likely(said.day, sent):
                continue
            if _BACK.search(before) or _BACK_AFTER.search(after):
                return said.day
            if until is None and (said.span or _is_until(sentence[: said.begin], begin)):
                until = said.day
    return until


def _with_room(dates: list[_Said]) -> Iterator[tuple[_Said, int, bool]]:
    """Each date with the end of the one before it, and whether it is the last: what follows it is its own then."""
    begin = 0
    for number, said in enumerate(dates, 1):
        yield said, begin, number == len(dates)
        begin = said.end


def _is_until(before: str, begin: int) -> bool:
    """The last words before a date say that it ends something; those of a span only right after where it began."""
    offset = max(begin - 8, len(before) - _REACH, 0)
    for word in list(_WORD.finditer(before, offset))[:-7:-1]:
        name = word[0].lower().replace("’", "'")
        if name in _UNTIL:
            return True
        if name in _SPAN:
            start = before[: word.start()].rstrip(" .")
            if (begin > 0 and word.start() - begin <= 1) or _DAY_ENDS.search(start[-6:]):
                return True
        if name not in _FILLERS:
            return False
    return False


def _is_likely(day: date, sent: date | None) -> bool:
    return sent is None or sent - _NIGHT <= day <= sent + timedelta(days=366)


def _is_month_first(text: str, language: str | None) -> bool | None:
    """Whether 8/3 is in August here: the language tells, or another date of the text; None where nothing does."""
    if language in _DAY_FIRST_LANGUAGES:
        return False
    for found in _NUMERIC.finditer(text):
        first, second = int(found["first"]), int(found["second"])
        if found["mark"] == "." or 12 < first <= 31:
            return False
        if 12 < second <= 31:
            return True
    return None


def _dates(sentence: str, sent: date | None, month_first: bool | None) -> Iterator[_Said]:
    """The dates of the sentence in their order; of two that overlap the one of the earlier pattern."""
    found: list[_Said] = []
    for pattern in (_ISO, _DAY_FIRST, _MONTH_FIRST, _NUMERIC):
        for match in pattern.finditer(sentence):
            if (
                len(found) < _MOST_DATES
                and _is_free(match, found)
                and (day := _day(match, sent, month_first)) is not None
            ):
                found.append(_Said(match.start(), match.end(), day, _SPANNED.search(match[0]) is not None))
    latest = max((said.day for said in found), default=None)
    for match in _BARE_DAY.finditer(sentence) if latest else ():
        assert latest
        day = _next_such_day(int(match["day"]), latest)
        if day is not None and _is_free(match, found):
            found.append(_Said(match.start(), match.end(), day, span=False))
    yield from sorted(found, key=lambda said: said.begin)


def _is_free(match: re.Match[str], found: list[_Said]) -> bool:
    return all(match.end() <= other.begin or match.start() >= other.end for other in found)


def _day(match: re.Match[str], sent: date | None, month_first: bool | None) -> date | None:
    """The date of a match; without a year the next such day after `sent`, and none where `sent` is unknown."""
    parts = match.groupdict()
    if "month" in parts:
        month, day = _MONTHS.get(parts["month"].lower(), 0), int(parts["day"])
    elif "mark" not in parts:
        month, day = int(parts["first"]), int(parts["second"])
    else:
        first, second = int(parts["first"]), int(parts["second"])
        if month_first is None and parts["mark"] != "." and first != second:
            return None
        month, day = (first, second) if month_first and parts["mark"] != "." else (second, first)
    year = parts["year"]
    try:
        if year:
            return date(int(year) + (2000 if len(year) == 2 else 0), month, day)
        if sent is None:
            return None
        this = date(sent.year, month, day)
        return this if this >= sent - _NIGHT else date(sent.year + 1, month, day)
    except ValueError:
        return None


def _next_such_day(day: int, after: date) -> date | None:
    """The first day of that number after `after`."""
    return next((d for n in range(1, 32) if (d := after + timedelta(days=n)).day == day), None)
