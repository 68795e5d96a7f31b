"""An office that reads digests: Ann writes, Bea and Cem answer; and what the gateway made of their answers."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from email.message import EmailMessage
from pathlib import Path

from gateway.core.clock import utc_now
from gateway.demo.story_digest import next_morning
from tests.journeys.clients import swaks
from tests.journeys.conftest import Company

SUBJECTS = ("Heating for the workshop", "A roof for the bicycles", "Train to Lyon on Tuesday")
WORDS = (
    "The old boiler may last one more winter, but the part that breaks each December is no longer made.",
    "Twenty-four places instead of sixteen. The drawing hangs by the lift until Tuesday.",
    "I am looking for two people to share the taxi from the station to the building site.",
)
PLAN = b"%PDF-1.4 a drawing of a roof\n"


class Office:
    """Ann has written three topics; Bea reads of them in French, Cem in English, once a day."""

    def __init__(self, company: Company, folder: Path) -> None:
        self.company = company
        self.folder = folder / "desks"
        self.folder.mkdir()

    async def send_digests(self, program: str) -> None:
        """Ann mails by swaks, which is at `program`; the next morning comes."""
        for who in ("bea", "cem"):
            await self.company.house.relais("member", "add", f"{who}@example.com", "projets", "--pace", "daily")
        plan = self.folder.parent / "roof.pdf"
        plan.write_bytes(PLAN)
        for number, (subject, text) in enumerate(zip(SUBJECTS, WORDS, strict=True)):
            words = ["--header", f"Subject: {subject}", "--body", text]
            files = ["--attach-type", "application/pdf", "--attach-name", "roof.pdf", "--attach", f"@{plan}"]
            smtp = self.company.house.ports.smtp
            await self.company.run(*swaks(program, smtp, "ann", *words, *(files if number == 1 else [])))
            await self.company.house.settle()
        morning = next_morning(utc_now(), self.company.house.daily_at)
        await self.company.house.relais("digest", "run", "--now", morning.isoformat())
        await self.company.reach(bea=1, cem=1)

    def received(self, who: str) -> list[EmailMessage]:
        """Their mails, oldest first."""
        return self.company.server.mailboxes[f"{who}@example.com"]

    def file(self, who: str, mail: EmailMessage) -> Path:
        """The file of a mail that they received, as it came."""
        ids = [received["Message-ID"] for received in self.received(who)]
        folder = self.company.house.folder / "mailboxes" / f"{who}@example.com"
        return folder / f"{1 + ids.index(mail['Message-ID'])}.eml"

    def rows(self, query: str) -> list[tuple[object, ...]]:
        """What the gateway's store answers."""
        with closing(sqlite3.connect(f"file:{self.company.house.folder}/relais.db?mode=ro", uri=True)) as store:
            return store.execute(query).fetchall()

    def parts(self) -> list[tuple[object, ...]]:
        """(topic, state, words) of all parts of all answers, in their order."""
        return self.rows("SELECT topic_id, state, text FROM answer_parts ORDER BY id")

    def posted(self) -> list[tuple[object, ...]]:
        """(topic, words) of what is visible but for Ann's topics."""
        query = "SELECT topic_id, text FROM posts JOIN contents ON contents.id = content_id"
        return self.rows(f"{query} WHERE withdrawn_at IS NULL AND parent_id IS NOT NULL ORDER BY posts.id")

    def paces(self) -> dict[object, object]:
        """The pace of each in `projets`."""
        query = "SELECT substr(address, 1, 3), pace FROM memberships JOIN people ON people.id = person_id"
        return {row[0]: row[1] for row in self.rows(query)}
