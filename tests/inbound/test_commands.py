from __future__ import annotations

import time
from datetime import date

import pytest

from gateway.core.command import Command, Place, Problem, Verb
from inbound.commands import read_command

TODAY = date(2026, 11, 20)
POST, DIGEST, QUESTION, ADDRESS = Place.POST, Place.DIGEST, Place.QUESTION, Place.ADDRESS


def read(text: str, place: Place = ADDRESS, subject: str = "") -> Command | None:
    return read_command(text, subject, place, TODAY, "fr")


@pytest.mark.parametrize(
    "text",
    [
        *(
            "STOP",
            "stop",
            "Stop.",
            "STOP !",
            "STOP\u00a0!",
            "*STOP*",
            "**stop**",
            "« Stop »",
            '"Stop."',
            "_Stop_",
            "'stop'",
        ),
        *("\n\n \u200bStop\n\u00a0\n", "Stop…", "stop;", "ＳＴＯＰ", "st\u00adop"),
    ],
)
@pytest.mark.parametrize("place", Place)
def test_stop_stops_everywhere(text: str, place: Place) -> None:
    assert read(text, place) == Command(Verb.STOP)


@pytest.mark.parametrize(
    "text",
    [
        *(
            "",
            " ",
            "Stop, I disagree",
            "Stop ?",
            "Stop it",
            "Stop\n\nJean",
            "Stop stop",
            "Please stop",
            "non-stop",
            "st op",
        ),
        *("Oui", "Non", "Tout", "All", "Jour", "Aide", "Liste", "Important", "Pause", "Texte", "Qui", "Mes données"),
        *(
            "Cancel 1",
            "Follow 12",
            "Mute 12",
            "Follow me",
            "Leave Paris",
            "Quitter projets",
            "Déplacer 1 #27",
            "Get #12",
        ),
        *("Publier 48", "Refuser 48 hors sujet", "Inviter a@example.org", "#12 oui", "#12", "#12 stop", "#12 mute now"),
    ],
)
def test_an_answer_to_a_post_is_an_ordinary_answer(text: str) -> None:
    assert read(text, POST) is None


@pytest.mark.parametrize(
    ("text", "command"),
    [
        ("Quitter", Command(Verb.LEAVE)),
        ("désabonner", Command(Verb.LEAVE)),
        ("DESABONNER.", Command(Verb.LEAVE)),
        ("Unsubscribe", Command(Verb.LEAVE)),
        ("muet", Command(Verb.MUTE)),
        ("MUTE #12", Command(Verb.MUTE, topic=12)),
        ("#12 mute", Command(Verb.MUTE, topic=12)),
        ("[#12] Suivre", Command(Verb.FOLLOW, topic=12)),
        ("#12: suivre", Command(Verb.FOLLOW, topic=12)),
        ("Annuler", Command(Verb.CANCEL)),
    ],
)
def test_what_acts_in_answer_to_a_post(text: str, command: Command) -> None:
    assert read(text, POST) == command


@pytest.mark.parametrize("place", [DIGEST, QUESTION, ADDRESS])
@pytest.mark.parametrize(
    ("text", "command"),
    [
        ("Oui", Command(Verb.YES)),
        ("OUI !", Command(Verb.YES)),
        ("J’accepte.", Command(Verb.YES)),
        ("No", Command(Verb.NO)),
        ("Non merci", Command(Verb.NO)),
        ("Tout", Command(Verb.ALL)),
        ("hebdo", Command(Verb.WEEKLY)),
        ("mes réglages", Command(Verb.SETTINGS)),
        ("MES REGLAGES", Command(Verb.SETTINGS)),
        ("my data", Command(Verb.MY_DATA)),
        ("Pause", Command(Verb.PAUSE)),
        ("Pause jusqu’au 4/12.", Command(Verb.PAUSE, until=date(2026, 12, 4))),
        ("PAUSE : until Monday", Command(Verb.PAUSE, until=date(2026, 11, 23))),
        ("*PAUSE* 2 weeks", Command(Verb.PAUSE, until=date(2026, 12, 4))),
        ("Pause jusqu'au 31/2", Command(Verb.PAUSE, problem=Problem.NO_SUCH_DAY, words="jusqu'au 31/2")),
        ("pause until 1/1/2020", Command(Verb.PAUSE, problem=Problem.PAST, words="until 1/1/2020")),
        ("RESUME", Command(Verb.RESUME)),
        ("reprendre", Command(Verb.RESUME)),
        ("Follow 12", Command(Verb.FOLLOW, topic=12)),
        ("suivre n°12", Command(Verb.FOLLOW, topic=12)),
        ("suivre le sujet", None),
        ("GET #12", Command(Verb.GET, topic=12)),
        ("LIRE", Command(Verb.GET, problem=Problem.MISSING)),
        ("#12 fermer", Command(Verb.CLOSE, topic=12)),
        ("ANNULER 1", Command(Verb.CANCEL, number=1)),
        ("LANGUE FR", Command(Verb.LANGUAGE, language="fr")),
        ("Language: English", Command(Verb.LANGUAGE, language="en")),
        ("langue française", Command(Verb.LANGUAGE, language="fr")),
        ("LANG fr-CA", Command(Verb.LANGUAGE, language="fr")),
        ("LANGUAGE", Command(Verb.LANGUAGE, problem=Problem.MISSING)),
        ("LANGUAGE de", Command(Verb.LANGUAGE, problem=Problem.NOT_A_LANGUAGE, words="de")),
        ("language barrier", None),
        ("Leave projects", Command(Verb.LEAVE, name="projects")),
        ("Résumé", None),
        ("re\u0301sume\u0301", None),
        ("Résumé quotidien", Command(Verb.DAILY)),
        ("ok", None),
        ("ok ?", None),
        ("o", None),
        ("oui oui", None),
        ("Oui, mais plus tard", None),
        ("pause café", None),
        ("#12 oui", None),
        ("cancel the meeting", None),
        ("follow 9999999999", None),
    ],
)
def test_what_acts_elsewhere(text: str, command: Command | None, place: Place) -> None:
    assert read(text, place) == command


@pytest.mark.parametrize(
    ("text", "command"),
    [
        ("REJOINDRE projets", Command(Verb.JOIN, name="projets")),
        ("Subscribe « Projets »", Command(Verb.JOIN, name="Projets")),
        ("s'abonner", Command(Verb.JOIN)),
        ("Rejoindre", Command(Verb.JOIN)),
        ("LISTE", Command(Verb.LIST)),
        ("DERNIERS", Command(Verb.LAST)),
        ("Last 5", Command(Verb.LAST, number=5)),
        ("LAST 5 projects", Command(Verb.LAST, number=5, name="projects")),
        ("last week", None),
        ("DÉPLACER 1 #27", Command(Verb.MOVE, number=1, topic=27)),
        ("deplacer 1 vers 27", Command(Verb.MOVE, number=1, topic=27)),
        ("MOVE 1 to #27", Command(Verb.MOVE, number=1, topic=27)),
        ("move 1 → [#27]", Command(Verb.MOVE, number=1, topic=27)),
        ("move 1 27.", Command(Verb.MOVE, number=1, topic=27)),
        ("MOVE #27", Command(Verb.MOVE, topic=27)),
        ("MOVE 27", Command(Verb.MOVE, number=27, problem=Problem.MISSING)),
        ("MOVE", Command(Verb.MOVE, problem=Problem.MISSING)),
        ("move on", None),
        ("INVITER x@Example.org", Command(Verb.INVITE, address="x@example.org")),
        ("invite <x@example.org> to projects", Command(Verb.INVITE, address="x@example.org", name="projects")),
        ("invite mailto:x@example.org projects", Command(Verb.INVITE, address="x@example.org", name="projects")),
        ("INVITE", Command(Verb.INVITE, problem=Problem.MISSING)),
        ("invite x@@example.org", Command(Verb.INVITE, problem=Problem.NOT_AN_ADDRESS, words="x@@example.org")),
        ("invite x@[127.0.0.1]", Command(Verb.INVITE, problem=Problem.NOT_AN_ADDRESS, words="x@[127.0.0.1]")),
        ("invite Paul", None),
        ("PUBLIER", Command(Verb.APPROVE)),
        ("APPROVE 48", Command(Verb.APPROVE, number=48)),
        ("publier ce message serait une erreur", None),
        ("REFUSER", Command(Verb.REJECT)),
        ("Reject 48", Command(Verb.REJECT, number=48)),
        ("REFUSER 48 hors sujet", Command(Verb.REJECT, number=48, words="hors sujet")),
        ("*Refuser* #48 : hors sujet !", Command(Verb.REJECT, number=48, words="hors sujet !")),
        ("REJECT 48\n\nOff topic.\n\nSorry", Command(Verb.REJECT, number=48, words="Off topic.\n\nSorry")),
        ("Refuser ?", None),
        ("Refuser ? Pourquoi", None),
        ("Rejected", None),
    ],
)
@pytest.mark.parametrize("place", [QUESTION, ADDRESS])
def test_what_acts_in_answer_to_a_question_and_at_an_address(text: str, command: Command | None, place: Place) -> None:
    assert read(text, place) == command


def test_a_reason_needs_its_number_where_no_question_gives_it() -> None:
    assert read("REFUSER hors sujet", QUESTION) == Command(Verb.REJECT, words="hors sujet")
    assert read("Refuser toute publicité", ADDRESS) is None
    assert read("REFUSER 48 " + "très long " * 1000, QUESTION) == Command(
        Verb.REJECT, number=48, words=("très long " * 1000).strip()
    )


@pytest.mark.parametrize(
    ("text", "command"),
    [
        ("QUI projets", Command(Verb.WHO, name="projets")),
        ("JOIN Projets transverses", Command(Verb.JOIN, name="Projets transverses")),
        ("TOUT projets", Command(Verb.ALL, name="projets")),
        ("STOP projets", Command(Verb.STOP, name="projets")),
        ("JOIN us, please", None),
        ("Join us? Please", None),
        ("REJOINDRE\nprojets", None),
        ("Who are you?", None),
        ("TEXTE", None),
    ],
)
def test_names_of_several_words_only_at_an_address(text: str, command: Command | None) -> None:
    assert read(text, ADDRESS) == command
    if command is not None:
        assert read(text, DIGEST) is None


def test_text_answers_a_question_only() -> None:
    assert [place for place in Place if read("Texte", place)] == [QUESTION]


@pytest.mark.parametrize(
    ("subject", "command"),
    [
        ("STOP", Command(Verb.STOP)),
        ("Re: STOP", Command(Verb.STOP)),
        ("RE : [Relais] REJOINDRE projets", Command(Verb.JOIN, name="projets")),
        ("TR: Fwd: aide", Command(Verb.HELP)),
        ("TR : aide", Command(Verb.HELP)),
        ("Réf : aide", Command(Verb.HELP)),
        ("Re[2]: aide", Command(Verb.HELP)),
        ("[EXTERNE] aide", Command(Verb.HELP)),
        ("[#12] muet", Command(Verb.MUTE, topic=12)),
        ("Re: Bienvenue dans Projets", None),
        ("Re: Stop, I disagree", None),
        ("", None),
        ("x" * 5000, None),
    ],
)
def test_the_subject_counts_at_a_command_address(subject: str, command: Command | None) -> None:
    assert read("", ADDRESS, subject) == command
    for place in (POST, DIGEST, QUESTION):
        assert read("", place, subject) is None


def test_the_text_comes_before_the_subject() -> None:
    assert read("STOP", ADDRESS, "HELP") == Command(Verb.STOP)
    assert read("Bonjour,\n\nmerci d'avance", ADDRESS, "HELP") == Command(Verb.HELP)


def test_an_inherited_subject_does_not_speak_for_a_new_text() -> None:
    assert read("Je n'ai pas compris votre réponse", ADDRESS, "Re: QUITTER projets") is None
    assert read("\n\u200b\n", ADDRESS, "Re: QUITTER projets") == Command(Verb.LEAVE, name="projets")


def test_days_are_read_in_the_language_of_the_person() -> None:
    assert read_command("PAUSE 12/25", "", DIGEST, TODAY, "fr") == Command(
        Verb.PAUSE, problem=Problem.NO_SUCH_DAY, words="12/25"
    )
    assert read_command("PAUSE 12/25", "", DIGEST, TODAY, "en") == Command(Verb.PAUSE, until=date(2026, 12, 25))


@pytest.mark.parametrize(
    "text",
    [
        *("stop " * 400_000, "x" * 2_000_000, "\u0301\u0316" * 500_000, "*" * 2_000_000, "\n" * 2_000_000 + "stop x"),
        *("refuser " + "\u0301\u0316" * 500_000, "refuser" + " " * 1_000_000 + "x", "[re: " * 400_000),
    ],
    ids=lambda text: repr(text[:12]),
)
def test_costs_what_the_text_is_long(text: str) -> None:
    begin = time.perf_counter()
    for place in Place:
        read(text, place, text)
    assert time.perf_counter() - begin < 2
