"""A digest that left the gateway is answered in neomutt, in two languages: each part is found where it belongs."""

from __future__ import annotations

import re
from email.message import EmailMessage
from pathlib import Path
from urllib.request import urlopen

import pytest

from gateway.demo import letters
from tests.journeys.clients import answer_with_neomutt
from tests.journeys.conftest import Company
from tests.journeys.office import PLAN, SUBJECTS, Office
from tests.programs import needs

WRITE_UNDER = {"bea": "> -- Votre réponse au sujet #{}", "cem": "> -- Your answer to topic #{}"}


@pytest.fixture
def programs() -> tuple[str, str]:
    """swaks and neomutt, asked for before a gateway is started."""
    return needs("swaks"), needs("neomutt")


def under(who: str, typed: dict[int, str]) -> str:
    """Words typed below the line to write under."""
    marks = {WRITE_UNDER[who].format(topic): words for topic, words in typed.items()}
    return (
        f"marks = {marks!r}\n"
        "lines = [new for line in lines for new in "
        '[line, *(part for mark, words in marks.items() if line.startswith(mark) for part in ("", words, ""))]]\n'
    )


def above(words: str) -> str:
    """Words typed above everything."""
    return f"lines = [{words!r}, ''] + lines"


def inside(quoted: str, words: str) -> str:
    """Words typed into the quote, behind the mark of the quote, after the line that says `quoted`."""
    return f"at = next(n for n, line in enumerate(lines) if {quoted!r} in line)\nlines.insert(at + 1, '> ' + {words!r})"


async def reply(office: Office, program: str, who: str, mail: EmailMessage, typing: str) -> EmailMessage:
    """What comes back to them for it."""
    count = len(office.received(who))
    await answer_with_neomutt(program, office.company, office.folder, who, office.file(who, mail), typing)
    await office.company.reach(**{who: count + 1})
    assert len(office.received(who)) == count + 1
    return office.received(who)[-1]


async def test_a_digest_is_answered_in_two_languages(
    programs: tuple[str, str], company: Company, tmp_path: Path
) -> None:
    swaks, neomutt = programs
    office = Office(company, tmp_path)
    await office.send_digests(swaks)
    french, english = office.received("bea")[0], office.received("cem")[0]
    for digest in (french, english):
        assert all(subject in letters.text_of(digest) for subject in SUBJECTS)
        [link] = re.findall(r"\* roof\.pdf \(\d+\s\w+\)\n(http\S+)", letters.text_of(digest))
        with urlopen(link, timeout=10) as answer:
            assert answer.read() == PLAN

    receipt = await reply(
        office, neomutt, "bea", french, under("bea", {1: "Je m’en occupe demain.", 2: "Et une prise, non ?"})
    )
    assert office.parts() == [(1, "posted", "Je m’en occupe demain."), (2, "posted", "Et une prise, non ?")]
    assert "#1" in letters.text_of(receipt) and "#2" in letters.text_of(receipt)
    await reply(office, neomutt, "bea", receipt, "lines = ['DÉPLACER 1 #3', ''] + lines")
    assert office.posted() == [(2, "Et une prise, non ?"), (3, "Je m’en occupe demain.")]

    question = await reply(office, neomutt, "cem", english, above("That suits me, thanks to all of you for the work."))
    assert office.parts()[2:] == [(None, "asked", "That suits me, thanks to all of you for the work.")]
    await reply(office, neomutt, "cem", question, above("1"))
    assert office.posted()[2:] == [(1, "That suits me, thanks to all of you for the work.")]

    await reply(office, neomutt, "cem", english, above("#3 I take the same train, and I know a cab."))
    assert office.posted()[3:] == [(3, "I take the same train, and I know a cab.")]
    await reply(office, neomutt, "cem", english, inside("taxi from the", "Count me in, with two bags."))
    assert office.posted()[4:] == [(3, "Count me in, with two bags.")]
    await reply(office, neomutt, "cem", english, "lines = ['WEEKLY', ''] + lines")
    await reply(office, neomutt, "bea", french, "lines = ['SEMAINE']")
    assert office.paces() == {"ann": None, "bea": "weekly", "cem": "weekly"}
    assert len(office.posted()) == 5
    # Ann hears each message at once, and each stands in the thread of its topic.
    heard = [letters.text_of(mail) for mail in office.received("ann")]
    assert sum("Count me in, with two bags." in text for text in heard) == 1
    assert not any("Your answer to topic" in text or "roof.pdf" in text for text in heard)
