"""One language of our mails: its gettext catalogue, and how it writes numbers, sizes, dates and lists.

Called by render and views. The catalogues are the .po files of templates/locale, read once and compiled in memory.
"""

from __future__ import annotations

import io
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from babel.dates import format_datetime
from babel.lists import format_list
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.numbers import format_decimal
from babel.support import Translations

LANGUAGES = ("fr", "en")
_STEP = 1024


def language_of(locale: str) -> str:
    """The language we speak to a person of that locale: French where it says so, else English."""
    return "fr" if locale[:2].lower() == "fr" else "en"


class Language:
    """`code` is one of LANGUAGES; `translations` is what Jinja's i18n extension takes."""

    def __init__(self, code: str, root: Path) -> None:
        self.code = code
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
        return str(format_decimal(number, format="#,##0.#", locale=self.code))

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
        try:
            local = moment.astimezone(ZoneInfo(timezone))
        except (OverflowError, ValueError, LookupError, OSError):
            local = moment
        return str(format_datetime(local, self.gettext("MMMM d, y 'at' h:mm a"), locale=self.code))

    def names(self, names: tuple[str, ...]) -> str:
        """Names in quotation marks: “A”, “B” and “C”; "" for none."""
        quoted = [self.gettext("“%(name)s”") % {"name": name} for name in names]
        return str(format_list(quoted, locale=self.code)) if quoted else ""
