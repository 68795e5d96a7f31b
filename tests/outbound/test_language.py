"""How each language writes sizes, numbers, dates and lists."""

from __future__ import annotations

from datetime import UTC, date, datetime, time

import pytest

from outbound.language import Language
from outbound.render import ROOT

FRENCH, ENGLISH = Language("fr", ROOT), Language("en", ROOT)


@pytest.mark.parametrize(
    ("octets", "french", "english"),
    [
        (0, "0\u00a0o", "0 B"),
        (1023, "1\u202f023\u00a0o", "1,023 B"),
        (1024, "1\u00a0Ko", "1 KB"),
        (219_136, "214\u00a0Ko", "214 KB"),
        (1_048_575, "1\u00a0Mo", "1 MB"),
        (1_468_006, "1,4\u00a0Mo", "1.4 MB"),
        (20_971_520, "20\u00a0Mo", "20 MB"),
        (3_221_225_472, "3\u00a0Go", "3 GB"),
    ],
)
def test_size(octets: int, french: str, english: str) -> None:
    assert (FRENCH.size(octets), ENGLISH.size(octets)) == (french, english)


def test_moment() -> None:
    moment = datetime(2026, 12, 1, 23, 5, tzinfo=UTC)
    assert FRENCH.moment(moment, "Europe/Paris") == "2\u00a0décembre 2026 à 0\u00a0h\u00a005"
    assert ENGLISH.moment(moment, "America/New_York") == "December 1, 2026 at 6:05 PM"


@pytest.mark.parametrize("zone", ["Asia/Tokyo", "Nowhere/Atlantis", "../etc/passwd", "", "Europe"])
def test_moment_never_raises(zone: str) -> None:
    # Tokyo is already in the year 10000, which no calendar of ours reaches; the other zones do not exist.
    assert ENGLISH.moment(datetime(9999, 12, 31, 23, 0, tzinfo=UTC), zone) == "December 31, 9999 at 11:00 PM"


def test_days_and_hours() -> None:
    first, moment = date(2026, 12, 1), datetime(2026, 11, 20, 15, 12, tzinfo=UTC)
    assert FRENCH.day(first) == "mardi 1er\u00a0décembre 2026"
    assert ENGLISH.day(first) == "Tuesday, December 1, 2026"
    assert FRENCH.day(date(2026, 12, 11)) == "vendredi 11\u00a0décembre 2026"
    assert FRENCH.day_and_time(moment, "Europe/Paris") == "vendredi 20\u00a0novembre à\u00a016\u00a0h\u00a012"
    assert ENGLISH.day_and_time(moment, "Nowhere/Atlantis") == "Friday, November 20 at 3:12\u00a0PM"
    assert (FRENCH.hour(time(7, 30)), FRENCH.hour(time(8))) == ("7\u00a0h\u00a030", "8\u00a0h")
    assert (ENGLISH.hour(time(19, 5)), ENGLISH.hour(time(8))) == ("7:05\u00a0PM", "8\u00a0AM")
    assert [language.weekday(6) for language in (FRENCH, ENGLISH)] == ["dimanche", "Sunday"]


@pytest.mark.parametrize("zone", ["Nowhere/Atlantis", "", "../etc/passwd"])
def test_a_zone_that_is_not_known_has_no_city(zone: str) -> None:
    assert FRENCH.city(zone) == ""
    assert (FRENCH.city("Europe/London"), ENGLISH.city("Europe/London")) == ("Londres", "London")


def test_names() -> None:
    assert FRENCH.names(("A", "B", "C")) == "«\u00a0A\u00a0», «\u00a0B\u00a0» et «\u00a0C\u00a0»"
    assert ENGLISH.names(("A",)) == "“A”"
    assert ENGLISH.names(()) == ""
