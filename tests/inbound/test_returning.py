from __future__ import annotations

from datetime import date

import pytest

from inbound.returning import read_return

SENT = date(2026, 7, 20)


@pytest.mark.parametrize(
    ("text", "language", "day"),
    [
        ("I am away and will be back on 3 August.", "en", date(2026, 8, 3)),
        ("I am out of the office until August 14th, 2026.", "en", date(2026, 8, 14)),
        ("Away from July 20 to August 2. I will return on Monday, August 3rd.", "en", date(2026, 8, 3)),
        ("Back 2026-08-03.", "en", date(2026, 8, 3)),
        ("I will be back on 25/08/2026", "en", date(2026, 8, 25)),
        ("I will be back on 08/25/2026", "en", date(2026, 8, 25)),
        ("I will be back on 03/08/2026", "en", None),
        ("Je suis absent jusqu'au 14 août inclus.", "fr", date(2026, 8, 14)),
        ("Absente du 20/07 au 07/08, de retour le lundi 10/08.", "fr", date(2026, 8, 10)),
        ("Je serai de retour le 1er septembre 2026.", "fr", date(2026, 9, 1)),
        ("Ich bin bis zum 05.08.2026 nicht im Büro.", "de", date(2026, 8, 5)),
        ("Ich bin ab dem 6. August wieder erreichbar.", "de", date(2026, 8, 6)),
        ("I will be back on 3 January.", "en", date(2027, 1, 3)),
        ("I was back on 3 August 2020.", "en", None),
        ("I am back soon. The budget is due on 3 August.", "en", None),
        ("Back on 31 February", "en", None),
        ("See you", "en", None),
    ],
)
def test_the_day_somebody_is_back(text: str, language: str, day: date | None) -> None:
    assert read_return(text, SENT, language) == day


def test_a_day_without_a_year_needs_to_know_when_it_was_said() -> None:
    assert read_return("back on 3 August", None, "en") is None
    assert read_return("back on 3 August 2026", None, "en") == date(2026, 8, 3)
