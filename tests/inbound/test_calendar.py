from __future__ import annotations

import pytest

from inbound.calendar import entry_words

ZONE = "BEGIN:VTIMEZONE\r\nDTSTART:19700101T000000\r\nEND:VTIMEZONE\r\n"


def entry(*lines: str, method: str = "REQUEST") -> bytes:
    event = "\r\n".join(["BEGIN:VEVENT", *lines, "END:VEVENT"])
    return f"BEGIN:VCALENDAR\r\nMETHOD:{method}\r\n{ZONE}{event}\r\nEND:VCALENDAR\r\n".encode()


def test_an_invitation_in_words() -> None:
    lines = (
        "SUMMARY;LANGUAGE=fr:Visite\\, site de",
        "  Nantes",
        "DTSTART;TZID=Europe/Paris:20261203T140000",
        "LOCATION:Gare",
    )
    words = entry_words(entry(*lines, "DESCRIPTION:Venez\\nnombreux"))
    assert words == "Visite, site de Nantes\n2026-12-03 14:00\nGare\n\nVenez\nnombreux"


def test_a_whole_day() -> None:
    assert entry_words(entry("SUMMARY:Fermeture", "DTSTART;VALUE=DATE:20261224")) == "Fermeture\n2026-12-24"


@pytest.mark.parametrize("content", [b"", b"SUMMARY", entry("DTSTART:x"), entry("SUMMARY:x", method="REPLY")])
def test_what_has_no_words(content: bytes) -> None:
    assert entry_words(content) == ""
