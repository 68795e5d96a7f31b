"""Working days: the weekdays of a person without the public holidays of where they work.

Used by digests.schedule, and by gateway.settings to tell a place that is known. The only file that knows the library
`holidays`. Places are written by ISO 3166-1 and 3166-2: FR, DE-BY, US-CA, GB-SCT.
"""

from __future__ import annotations

import re
from datetime import date
from functools import lru_cache

from gateway.core.digest import Rhythm

EVERY_DAY = frozenset(range(7))
USUAL = frozenset(range(5))
"""Monday to Friday: what holds for who has no working day at all, which nobody can have meant."""

_PLACE = re.compile(r"([A-Z]{2})(?:-([A-Z0-9]{1,3}))?\Z")


def parse_place(text: str) -> str:
    """A place whose public holidays are known, in capitals; "" for none.

    Raises ValueError with words that go behind the name of a setting.
    """
    place = text.strip().upper()
    if place and _holidays_of(place) is None:
        raise ValueError("must be a country of ISO 3166 such as FR, or a part of one such as DE-BY, or empty")
    return place


@lru_cache(maxsize=1024)
def public_holidays(place: str, year: int) -> frozenset[date]:
    """The public holidays of that year, days given in lieu included; none for "" and for a place that is not known.

    A person's place was known when it was written down. Where it no longer is, a digest on a holiday is better than
    none at all.
    """
    return (_holidays_of(place, year) if place else None) or frozenset()


def is_working_day(day: date, rhythm: Rhythm) -> bool:
    """Whether it is one of the person's weekdays, and no public holiday."""
    weekdays = (rhythm.working_days & EVERY_DAY) or USUAL
    return day.weekday() in weekdays and day not in public_holidays(rhythm.holidays, day.year)


def _holidays_of(place: str, *years: int) -> frozenset[date] | None:
    """Those of the years, None where the library knows no such place."""
    # A tenth of a second that no command should pay for where no place is set.
    from holidays import country_holidays

    written = _PLACE.match(place)
    if written is None:
        return None
    country, part = written.groups()
    try:
        known = country_holidays(country)
    except NotImplementedError:
        return None
    # Asked beforehand: the old names of parts, none of ISO 3166, would be taken with a warning.
    if part is not None and part not in known.subdivisions:
        return None
    return frozenset(country_holidays(country, subdiv=part, years=years))
