"""A digest that left the gateway is answered in neomutt, in two languages: each part is found where it belongs."""

from __future__ import annotations

import re
import sqlite3
from contextlib import closing
from email.message import EmailMessage
from pathlib import Path
from urllib.request import urlopen

import pytest

from gateway.core.clock import utc_now
from gateway.demo import letters
from gateway.demo.story_digest import next_morning
from tests.journeys.clients import answer_with_neomutt, swaks
from tests.journeys.conftest import Company
from tests.programs import needs

SUBJECTS = ("Heating for the workshop", "A roof for the bicycles", "Train to Lyon on Tuesday")
WORDS = (
    "The old boiler may last one more winter, but the part that breaks each December is no longer made.",
    "Twenty-four places instead of sixteen. The drawing hangs by the lift until Tuesday.",
    "I am looking for two people to share the taxi from the station to the building site.",
)
PLAN = b"%PDF-1.4 a drawing of a roof\n"
WRITE_UNDER = {"bea": "> -- Votre réponse au sujet #{}", "cem": "> -- Your answer to topic #{}"}


@pytest.fixture
def programs() -> tuple[str, str]:
    """swaks and neomutt, asked for before a gateway is started."""
    return needs("swaks"), needs("neomutt")


class Office:
    """Ann has written three topics; Bea reads of them in French, Cem in English, once a day."""

    def __init__(self, programs: tuple[str, str], company: Company, folder: Path) -> None:
        self._swaks, self._neomutt = programs
        self.company = company
        self.folder = folder / "desks"
        self.folder.mkdir()

    async def send_digests(self) -> None:
        for who in ("bea", "cem"):
            await self.company.house.relais("member", "add", f"{who}@example.com", "projets", "--pace", "daily")
        plan = self.folder.parent / "roof.pdf"
        plan.write_bytes(PLAN)
        for number, (subject, text) in enumerate(zip(SUBJECTS, WORDS, strict=True)):
            words = ["--header", f"Subject: {subject}", "--body", text]
            files = ["--attach-type", "application/pdf", "--attach-name", "roof.pdf", "--attach", f"@{plan}"]
            await self.company.run(
                *swaks(self._swaks, self.company.house.ports.smtp, "ann", *words, *(files if number == 1 else []))
            )
            await self.company.house.settle()
        morning = next_morning(utc_now(), self.company.house.daily_at)
        await self.company.house.relais("digest", "run", "--now", morning.isoformat())
        await self.company.reach(bea=1, cem=1)

    def received(self, who: str) -> list[EmailMessage]:
        return self.company.server.mailboxes[f"{who}@example.com"]

    async def answer(self, who: str, mail: EmailMessage, typing: str) -> EmailMessage:
        """What comes back to them for it."""
        count = len(self.received(who))
        await answer_with_neomutt(self._neomutt, self.company, self.folder, who, mail, typing)
        await self.company.reach(**{who: count + 1})
        assert len(self.received(who)) == count + 1
        return self.received(who)[-1]

    def rows(self, query: str) -> list[tuple[object, ...]]:
        with closing(sqlite3.connect(f"file:{self.company.house.folder}/relais.db?mode=ro", uri=True)) as store:
            return store.execute(query).fetchall()

    def parts(self) -> list[tuple[object, ...]]:
        """(topic, state, words) of all parts of all answers, in their order."""
        return self.rows("SELECT topic_id, state, text FROM answer_parts ORDER BY id")

    def posted(self) -> list[tuple[object, ...]]:
        """(topic, words) of what is visible but for Ann's topics."""
        query = "SELECT topic_id, text FROM posts JOIN contents ON contents.id = content_id"
        return self.rows(f"{query} WHERE withdrawn_at IS NULL AND parent_id IS NOT NULL ORDER BY posts.id")


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


async def test_a_digest_is_answered_in_two_languages(
    programs: tuple[str, str], company: Company, tmp_path: Path
) -> None:
    office = Office(programs, company, tmp_path)
    await office.send_digests()
    french, english = office.received("bea")[0], office.received("cem")[0]
    for digest in (french, english):
        assert all(subject in letters.text_of(digest) for subject in SUBJECTS)
        [link] = re.findall(r"\* roof\.pdf \(\d+\s\w+\)\n(http\S+)", letters.text_of(digest))
        with urlopen(link, timeout=10) as answer:
            assert answer.read() == PLAN

    receipt = await office.answer("bea", french, under("bea", {1: "Je m’en occupe demain.", 2: "Et une prise, non ?"}))
    assert office.parts() == [(1, "posted", "Je m’en occupe demain."), (2, "posted", "Et une prise, non ?")]
    assert "#1" in letters.text_of(receipt) and "#2" in letters.text_of(receipt)
    await office.answer("bea", receipt, "lines = ['DÉPLACER 1 #3', ''] + lines")
    assert office.posted() == [(2, "Et une prise, non ?"), (3, "Je m’en occupe demain.")]

    question = await office.answer("cem", english, above("That suits me, thanks to all of you for the work."))
    assert office.parts()[2:] == [(None, "asked", "That suits me, thanks to all of you for the work.")]
    await office.answer("cem", question, above("1"))
    assert office.posted()[2:] == [(1, "That suits me, thanks to all of you for the work.")]

    await office.answer("cem", english, above("#3 I take the same train, and I know a cab."))
    assert office.posted()[3:] == [(3, "I take the same train, and I know a cab.")]
    await office.answer("cem", english, inside("taxi from the", "Count me in, with two bags."))
    assert office.posted()[4:] == [(3, "Count me in, with two bags.")]
    await office.answer("cem", english, "lines = ['WEEKLY', ''] + lines")
    await office.answer("bea", french, "lines = ['SEMAINE']")
    paces = office.rows("SELECT address, pace FROM memberships JOIN people ON people.id = person_id ORDER BY address")
    assert paces == [("ann@example.com", None), ("bea@example.com", "weekly"), ("cem@example.com", "weekly")]
    assert len(office.posted()) == 5
    # Ann hears each message at once, and each stands in the thread of its topic.
    heard = [letters.text_of(mail) for mail in office.received("ann")]
    assert sum("Count me in, with two bags." in text for text in heard) == 1
    assert not any("Your answer to topic" in text or "roof.pdf" in text for text in heard)
