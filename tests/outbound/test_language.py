"""How each language writes sizes, numbers, dates and lists."""

from __future__ import annotations

from datetime import UTC, datetime

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


def test_names() -> None:
    assert FRENCH.names(("A", "B", "C")) == "«\u00a0A\u00a0», «\u00a0B\u00a0» et «\u00a0C\u00a0»"
    assert ENGLISH.names(("A",)) == "“A”"
    assert ENGLISH.names(()) == ""
