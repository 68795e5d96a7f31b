"""Which files do not go out, by name and by weight, and that they are taken off only when somebody said so."""

from __future__ import annotations

from dataclasses import replace

import pytest

from gateway.core.message import Attachment, Body, Classification, Kind, Reading
from gateway.core.ruling import Ruling
from inbound import files
from inbound.files import FileRules
from tests.inbound.test_policy import PARSED

RULES = FileRules(100, ("exe", "js"))


def file(name: str, size: int = 1) -> Attachment:
    return Attachment(name, "application/octet-stream", size, "0" * 64, inline=False)


@pytest.mark.parametrize("name", ["setup.exe", "SETUP.EXE", "invoice.pdf.exe", "setup.exe. ", "a.js"])
def test_the_last_ending_counts(name: str) -> None:
    assert files.is_barred(file(name), RULES)


@pytest.mark.parametrize("name", ["exe", "setup.exe.pdf", "notes.json", "", "."])
def test_everything_else_goes(name: str) -> None:
    assert not files.is_barred(file(name), RULES)


def test_a_mail_loses_what_somebody_said_and_no_more() -> None:
    plan, program, film = file("plan.pdf"), file("setup.exe"), file("film.mp4", 101)
    mail = Reading(PARSED, Body("words", None), Classification(Kind.ORDINARY), "en")
    mail = replace(mail, parsed=replace(PARSED, attachments=(plan, program, film)))
    assert files.without(mail, frozenset((Ruling.OWNED,)), RULES) == (mail, ())
    for rulings, left, gone in (
        ({Ruling.PUBLISHED}, (plan, film), ("setup.exe",)),
        ({Ruling.LIGHTENED}, (plan, program), ("film.mp4",)),
        ({Ruling.PUBLISHED, Ruling.LIGHTENED}, (plan,), ("setup.exe", "film.mp4")),
    ):
        reading, names = files.without(mail, frozenset(rulings), RULES)
        assert (reading.parsed.attachments, names) == (left, gone)
