"""An archive of a list that never was: threads of mails with authors, dates, quotes and now and then a file."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path

FIRST_DAY = datetime(2012, 3, 5, 8, 0, tzinfo=UTC)
PEOPLE = 120
THREAD = 5
"""Mails in a thread."""
_WORDS = (
    "The committee met on Thursday and asked for the figures of the last quarter before anything else is decided.",
    "I have put the new plan on the shared drive; the second sheet is the one that matters for the autumn.",
    "Could somebody who was at the fair tell us what the people from the valley think of the longer opening hours?",
    "We tried it with the small oven first, and the result was better than what we had hoped for in the spring.",
    "Nothing has changed about the keys: the blue one opens the shed and the other one is with Marguerite.",
)


def mbox(path: Path, mails: int) -> None:
    """Writes an mbox of so many mails."""
    with path.open("wb") as file:
        for number in range(mails):
            file.write(_separator(number) + mail(number) + b"\n\n")


def mail(number: int) -> bytes:
    """The mail of that number: the first of each thread opens it, the others answer the one before."""
    return "\n".join(_lines(number)).encode()


def message_id(number: int) -> str:
    """Its Message-ID."""
    return f"<{number}.list@old.example>"


def written_at(number: int) -> datetime:
    """When it was written."""
    return FIRST_DAY + timedelta(minutes=37 * number)


def _separator(number: int) -> bytes:
    return f"From person{number % PEOPLE}@people.example {written_at(number):%a %b %d %H:%M:%S %Y}\n".encode()


def _lines(number: int) -> Iterator[str]:
    thread, place = divmod(number, THREAD)
    person = number * 7 % PEOPLE
    yield from ("Received: from mail.old.example by lists.old.example; " + format_datetime(written_at(number)),) * 3
    yield f"From: Person {person} <person{person}@people.example>"
    yield "To: garden@lists.old.example"
    yield f"Subject: {'Re: ' if place else ''}[Garden] What to do about matter {thread}"
    yield f"Date: {format_datetime(written_at(number))}"
    yield f"Message-ID: {message_id(number)}"
    if place:
        yield f"In-Reply-To: {message_id(number - 1)}"
        yield "References: " + " ".join(message_id(thread * THREAD + i) for i in range(place))
    yield "List-Id: The garden <garden.lists.old.example>"
    yield "MIME-Version: 1.0"
    with_file = number % 50 == 0
    if with_file:
        yield 'Content-Type: multipart/mixed; boundary="b"'
        yield ""
        yield "--b"
    yield "Content-Type: text/plain; charset=utf-8"
    yield ""
    yield from ("Hello,", "")
    yield from (_WORDS[(number + i) % len(_WORDS)] for i in range(4))
    yield from ("", "-- ", f"Person {person}", "")
    if place:
        yield f"On Monday, Person {person - 1} wrote:"
        yield from ("> " + _WORDS[(number + i) % len(_WORDS)] for i in range(6))
    if with_file:
        yield "--b"
        yield f'Content-Type: application/pdf; name="plan-{number}.pdf"'
        yield "Content-Transfer-Encoding: base64"
        yield f'Content-Disposition: attachment; filename="plan-{number}.pdf"'
        yield ""
        yield base64.encodebytes(f"%PDF plan {number}".encode() * 40).decode()
        yield "--b--"
