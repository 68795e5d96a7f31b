from __future__ import annotations

import re
from itertools import chain
from pathlib import Path

import pytest

from gateway.core.command import Circle, Place, Verb
from inbound.folding import fold
from inbound.vocabulary import MOST_WORDS, TABLE, Entry, entry_of, help_lines, verb_of_detail

PAPER = Path(__file__).parent.parent.parent / "docs" / "commands.md"


def row(entry: Entry) -> str:
    """The line of the paper for this entry."""
    rule = entry.rule
    where = (
        "everywhere" if len(rule.places) == len(Place) else ", ".join(place for place in Place if place in rule.places)
    )
    also = ", ".join((*entry.fr.also, *entry.en.also))
    return f"| {entry.fr.form} | {entry.en.form} | {entry.en.does} | {where} | {rule.who} | {also} |"


def detail_row(entry: Entry) -> str:
    """The line of the paper for the subaddresses of this entry."""
    words = dict.fromkeys(map(fold, (*entry.fr.shown, *entry.en.shown)))
    return f"| {entry.rule.verb} | {', '.join(f'`projets+{word}@`' for word in words)} |"


def test_every_verb_has_one_entry() -> None:
    assert sorted(entry.rule.verb for entry in TABLE) == sorted(Verb)


def test_no_phrase_means_two_verbs() -> None:
    phrases = list(chain.from_iterable(entry.phrases for entry in TABLE))
    assert len(phrases) == len(set(phrases))
    assert all(len(phrase.split()) <= MOST_WORDS for phrase in phrases)


@pytest.mark.parametrize("entry", TABLE, ids=lambda entry: entry.rule.verb)
def test_an_entry_is_complete(entry: Entry) -> None:
    assert all(entry_of(phrase) is entry for phrase in entry.phrases)
    for words in (entry.fr, entry.en):
        assert words.shown == tuple(word.upper() for word in words.shown)
        assert words.does and not words.does.endswith(".")
        # A no-break space stands before a colon in French, and none in English.
        assert " :" not in words.does


def test_only_these_act_in_answer_to_a_post() -> None:
    acting = {entry.rule.verb for entry in TABLE if Place.POST in entry.rule.places}
    assert acting == {Verb.STOP, Verb.LEAVE, Verb.MUTE, Verb.FOLLOW, Verb.CANCEL}


def test_pace_yes_and_no_act_in_answer_to_all_else() -> None:
    paces = (Verb.ALL, Verb.IMPORTANT, Verb.DAILY, Verb.WEEKLY, Verb.PAUSE, Verb.RESUME, Verb.YES, Verb.NO)
    for entry in TABLE:
        if entry.rule.verb in paces:
            assert entry.rule.places == {Place.DIGEST, Place.QUESTION, Place.ADDRESS}


@pytest.mark.parametrize(
    ("detail", "verb"),
    [
        *(("rejoindre", Verb.JOIN), ("join", Verb.JOIN), ("quitter", Verb.LEAVE), ("leave", Verb.LEAVE)),
        *(("desabonner", Verb.LEAVE), ("stop", Verb.STOP), ("tout", Verb.ALL), ("all", Verb.ALL), ("jour", Verb.DAILY)),
        *(("daily", Verb.DAILY), ("semaine", Verb.WEEKLY), ("weekly", Verb.WEEKLY), ("pause", Verb.PAUSE)),
        *(("responsables", None), ("owner", None), ("oui", None), ("", None)),
    ],
)
def test_subaddresses(detail: str, verb: Verb | None) -> None:
    assert verb_of_detail(detail) is verb


def test_a_subaddress_is_a_local_part() -> None:
    details = [word for line in map(detail_row, TABLE) for word in re.findall(r"projets\+(.*?)@", line)]
    told = [detail for detail in details if verb_of_detail(detail)]
    assert len(told) > 15 and all(re.fullmatch("[a-z]+", detail) for detail in told)


def test_help_shows_what_acts_in_the_language_of_the_reader() -> None:
    everybody = frozenset(Circle)
    french = help_lines("fr", Place.ADDRESS, everybody)
    english = help_lines("en-GB", Place.ADDRESS, everybody)
    assert french[0].form == "AIDE" and english[0].form == "HELP" and len(french) == len(english)
    assert "PAUSE [jusqu'au 4/12]" in [line.form for line in french]
    assert "JOIN projects / SUBSCRIBE" in [line.form for line in english]
    forms = [line.form for line in help_lines("en", Place.POST, {Circle.MEMBER})]
    assert forms == ["LEAVE projects / UNSUBSCRIBE", "STOP", "MUTE #12", "FOLLOW #12"]


def test_help_hides_what_managers_may() -> None:
    lines = help_lines("en", Place.ADDRESS, {Circle.ANYONE, Circle.PERSON, Circle.MEMBER})
    assert not {"APPROVE 48", "REJECT 48 reason", "CLOSE #12"} & {line.form for line in lines}


def test_the_paper_is_the_table() -> None:
    rows = [line for line in PAPER.read_text("utf-8").splitlines() if line.startswith("| ")]
    expected = [row(entry) for entry in TABLE] + [detail_row(entry) for entry in TABLE if entry.rule.as_detail]
    assert [line for line in rows if not line.startswith(("| French", "| verb"))] == expected
