"""One language of our mails: its gettext catalogue, and how it writes numbers, sizes, dates and lists.

Called by render and views. The catalogues are the .po files of templates/locale, read once and compiled in memory.
"""

from __future__ import annotations

import io
from datetime import date, datetime, time
from pathlib import Path
from typing import assert_never
from zoneinfo import ZoneInfo

from babel import Locale
from babel.dates import format_date, format_datetime, format_time, get_day_names, get_timezone_location
from babel.lists import format_list
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.numbers import format_decimal
from babel.support import Translations

from gateway.core.digest import Cadence
from gateway.core.zones import zone_named

LANGUAGES = ("fr", "en")
_FIRST_OF_THE_MONTH = {"fr": "'1er'"}
_STEP = 1024


def language_of(locale: str) -> str:
    """The language we speak to a person of that locale: French where it says so, else English."""
    return "fr" if locale[:2].lower() == "fr" else "en"


class Language:
    """`code` is one of LANGUAGES; `translations` is what Jinja's i18n extension takes."""

    def __init__(self, code: str, root: Path) -> None:
        self.code = code
        self._locale = Locale.parse(code)
        catalogue = root / "locale" / code / "LC_MESSAGES" / "relais.po"
        with catalogue.open("rb") as source:
            messages = read_po(source, locale=code)
        compiled = io.BytesIO()
        write_mo(compiled, messages)
        compiled.seek(0)
        self.translations = Translations(compiled)

    @property
    def untitled(self) -> str:
        """What stands for a missing subject."""
        return self.gettext("(no subject)")

    @property
    def unnamed(self) -> str:
        """What stands for a missing file name."""
        return self.gettext("(unnamed file)")

    @property
    def join_word(self) -> str:
        """The detail of an address by which one joins (inbound.vocabulary)."""
        return {"fr": "rejoindre", "en": "join"}[self.code]

    @property
    def unsigned(self) -> str:
        """What stands for an author whom the mail does not name."""
        return self.gettext("Somebody who gave no address")

    def gettext(self, message: str) -> str:
        """The message in this language."""
        return str(self.translations.gettext(message))

    def to_managers(self, author: str, place: str) -> str:
        """The name in From of a mail to the people who run `place`."""
        return self.gettext("%(author)s (to the managers of %(place)s)") % {"author": author, "place": place}

    def number(self, number: float) -> str:
        """At most one decimal, grouped: 1 234,5 or 1,234.5."""
        return str(format_decimal(number, format="#,##0.#", locale=self._locale))

    def size(self, octets: int) -> str:
        """Octets in the unit a person would choose, of 1024 each: 214 Ko, 1.4 MB."""
        gettext = self.gettext
        units = (gettext("%(number)s B"), gettext("%(number)s KB"), gettext("%(number)s MB"), gettext("%(number)s GB"))
        value, unit = float(octets), 0
        while value >= _STEP - 0.5 and unit < len(units) - 1:
            value, unit = value / _STEP, unit + 1
        shown = round(value, 1) if unit >= 2 and value < 10 else round(value)
        return units[unit] % {"number": self.number(shown)}

    def moment(self, moment: datetime, timezone: str) -> str:
        """Day and time of day in that zone, in words; in its own zone where that one cannot be reckoned in.

        Never raises: the moment may be a stranger's (year 9999 has no tomorrow), the zone one that this machine lacks.
        """
        local = _in_zone(moment, timezone)
        return str(format_datetime(local, self.gettext("MMMM d, y 'at' h:mm a"), locale=self._locale))

    def day_and_time(self, moment: datetime, timezone: str) -> str:
        """Weekday, day and time of day in that zone, for what is of these weeks. Never raises, as `moment` does not."""
        local = _in_zone(moment, timezone)
        pattern = self._with_first(self.gettext("EEEE, MMMM d 'at' h:mm a"), local)
        return str(format_datetime(local, pattern, locale=self._locale))

    def day(self, day: date) -> str:
        """vendredi 20 novembre 2026; Friday, November 20, 2026."""
        return str(format_date(day, self._with_first(self.gettext("EEEE, MMMM d, y"), day), locale=self._locale))

    def short_day(self, day: date) -> str:
        """20 nov.; Nov 20."""
        return str(format_date(day, self._with_first(self.gettext("MMM d"), day), locale=self._locale))

    def hour(self, hour: time) -> str:
        """7 h 30; 7:30 AM."""
        pattern = self.gettext("h:mm a") if hour.minute else self.gettext("h a")
        return str(format_time(hour, pattern, locale=self._locale))

    @property
    def colon(self) -> str:
        """A colon with the blank that goes before it."""
        return self.gettext(":")

    def digest_of(self, cadence: Cadence, day: date) -> str:
        """What a subject line calls a digest: Résumé du 20 nov."""
        match cadence:
            case Cadence.DAILY:
                words = self.gettext("Digest of %(day)s")
            case Cadence.WEEKLY:
                words = self.gettext("Weekly digest, %(day)s")
            case Cadence.CATCH_UP:
                words = self.gettext("Left to read, %(day)s")
            case _:
                assert_never(cadence)
        return words % {"day": self.short_day(day)}

    def weekday(self, weekday: int) -> str:
        """The name of a day of the week; 0 is Monday."""
        return str(get_day_names("wide", locale=self._locale)[weekday])

    def city(self, timezone: str) -> str:
        """The city that a zone is named after; "" where it is named after none."""
        try:
            return str(get_timezone_location(ZoneInfo(timezone), locale=self._locale, return_city=True))
        except (ValueError, LookupError, OSError):
            return ""

    def _with_first(self, pattern: str, day: date) -> str:
        # French alone says "the first": every other day of the month is a plain number.
        first = _FIRST_OF_THE_MONTH.get(self.code)
        return pattern.replace("d", first) if first and day.day == 1 else pattern

    def names(self, names: tuple[str, ...]) -> str:
        """Names in quotation marks: “A”, “B” and “C”; "" for none."""
        quoted = [self.gettext("“%(name)s”") % {"name": name} for name in names]
        return str(format_list(quoted, locale=self._locale)) if quoted else ""

    def plain_list(self, words: tuple[str, ...]) -> str:
        """1, 2 and 4; "" for none."""
        return str(format_list(words, locale=self._locale)) if words else ""


def _in_zone(moment: datetime, timezone: str) -> datetime:
    """The moment in that zone; in its own where it lies at the end of the calendar."""
    try:
        return moment.astimezone(zone_named(timezone))
    except OverflowError:
        return moment
