from __future__ import annotations

import time
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
        ("Je suis en congés du 3 au 15 août.", "fr", date(2026, 8, 15)),
        ("Je suis absente du 3 au 15 août inclus, retour le 17.", "fr", date(2026, 8, 17)),
        ("Je suis absent du 3/8 au 15/8.", "fr", date(2026, 8, 15)),
        ("Absent du lundi 3 août au vendredi 14 août 2026 inclus", "fr", date(2026, 8, 14)),
        ("Je serai de retour lundi 24 août", "fr", date(2026, 8, 24)),
        ("de retour au bureau le 24/08/2026", "fr", date(2026, 8, 24)),
        ("Je serai absente jusqu'au lundi 24 août.", "fr", date(2026, 8, 24)),
        ("absent jusqu’au 24 août", "fr", date(2026, 8, 24)),
        ("Je reprends le 24 août.", "fr", date(2026, 8, 24)),
        ("Je serai à nouveau joignable à partir du 24 août", "fr", date(2026, 8, 24)),
        ("Je serai de nouveau au bureau le mardi 25.08.2026", "fr", date(2026, 8, 25)),
        ("mon retour le 2 janvier", "fr", date(2027, 1, 2)),
        (
            "Je suis absent pour congés jusqu'au 1er septembre. En cas d'urgence, Paul est au 01 02 03 04 05.",
            "fr",
            date(2026, 9, 1),
        ),
        ("En cas d'urgence appelez le 06 12 34 56 78. Je suis absent.", "fr", None),
        ("I am out of the office until Monday 24 August.", "en", date(2026, 8, 24)),
        ("I am out of the office until Monday, August 24.", "en", date(2026, 8, 24)),
        ("I will be on leave from August 3 to August 15.", "en", date(2026, 8, 15)),
        ("I'm away from 3 to 15 August and back on the 17th.", "en", date(2026, 8, 17)),
        ("I am on vacation August 3-15.", "en", date(2026, 8, 15)),
        ("I am on vacation 3-15 August", "en", date(2026, 8, 15)),
        ("Out of office 3rd – 15th August 2026", "en", date(2026, 8, 15)),
        ("out of the office through 8/14/2026", "en", date(2026, 8, 14)),
        ("I will be out of office from 07/27/2026 to 08/07/2026", "en", date(2026, 8, 7)),
        ("I will be out of office from 27/07/2026 to 07/08/2026", "en", date(2026, 8, 7)),
        ("returning 2026-08-24", "en", date(2026, 8, 24)),
        ("I return to the office on 24 Aug 2026.", "en", date(2026, 8, 24)),
        ("Returning on Monday the 24th of August", "en", date(2026, 8, 24)),
        ("I will be back in the office Monday.", "en", None),
        ("AUTO: Ann is out of the office (returning 24/08/2026)", "en", date(2026, 8, 24)),
        ("I'll be back Tuesday 5 January", "en", date(2027, 1, 5)),
        ("Ich bin vom 03.08. bis 15.08. nicht im Büro.", "de", date(2026, 8, 15)),
        ("Ich bin bis einschließlich 14. August 2026 im Urlaub.", "de", date(2026, 8, 14)),
        ("Ich bin ab Montag, den 17. August wieder erreichbar.", "de", date(2026, 8, 17)),
        ("Ab dem 17.08. bin ich wieder da.", "de", date(2026, 8, 17)),
        ("Ich kehre am 17. August zurück.", "de", date(2026, 8, 17)),
        ("Am 17.08.2026 bin ich wieder im Büro.", "de", date(2026, 8, 17)),
        ("Estaré fuera de la oficina hasta el 24 de agosto.", "es", date(2026, 8, 24)),
        ("Estoy de vacaciones del 3 al 15 de agosto.", "es", date(2026, 8, 15)),
        ("Regreso el lunes 24 de agosto de 2026.", "es", date(2026, 8, 24)),
        ("Estaré de vuelta el 24/08", "es", date(2026, 8, 24)),
        ("Volveré a la oficina el próximo 17 de agosto", "es", date(2026, 8, 17)),
        ("Sono fuori ufficio fino al 24 agosto.", "it", date(2026, 8, 24)),
        ("Sarò assente dal 3 al 15 agosto 2026", "it", date(2026, 8, 15)),
        ("Rientrerò lunedì 24 agosto", "it", date(2026, 8, 24)),
        ("Tornerò il 24/08/2026", "it", date(2026, 8, 24)),
        ("Ik ben afwezig tot en met 14 augustus.", "nl", date(2026, 8, 14)),
        ("Ik ben van 3 t/m 15 augustus afwezig", "nl", date(2026, 8, 15)),
        ("Ik ben vanaf 17 augustus weer bereikbaar", "nl", date(2026, 8, 17)),
        ("Ik ben 17 augustus weer terug op kantoor", "nl", date(2026, 8, 17)),
        ("Op maandag 17 augustus ben ik terug", "nl", date(2026, 8, 17)),
        ("Estou de férias até 24 de agosto.", "pt", date(2026, 8, 24)),
        ("Estarei ausente de 3 a 15 de agosto de 2026", "pt", date(2026, 8, 15)),
        ("Regresso no dia 24 de agosto", "pt", date(2026, 8, 24)),
        ("Estarei de volta em 24/08/2026", "pt", date(2026, 8, 24)),
        ("Retornarei no dia 24/08.", "pt", date(2026, 8, 24)),
        ("Please call me back. The meeting is on 3 August.", "en", None),
        ("I was back on 3 March.", "en", None),
        ("Je suis en congé jusqu'au 5 janvier 2027 inclus, de retour le 6.", "fr", date(2027, 1, 6)),
        ("absent du 23 décembre au 4 janvier", "fr", date(2027, 1, 4)),
        ("Je serai absent le 24 août.", "fr", None),
        ("Out from 28 July to 2 August. For orders until 30 September call Tom.", "en", date(2026, 8, 2)),
    ],
)
def test_the_day_somebody_is_back(text: str, language: str, day: date | None) -> None:
    assert read_return(text, SENT, language) == day


def test_a_day_without_a_year_needs_to_know_when_it_was_said() -> None:
    assert read_return("back on 3 August", None, "en") is None
    assert read_return("back on 3 August 2026", None, "en") == date(2026, 8, 3)


def test_many_dates_cost_no_more_than_their_length() -> None:
    for piece in ("back 3/8 ", "to ", "le 3 ", "3 août ", "- ", "2026-08-03 ", "août 3-", "back until "):
        begun = time.perf_counter()
        read_return(piece * 4000, SENT, "fr")
        assert time.perf_counter() - begun < 0.5
