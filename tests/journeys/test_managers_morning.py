"""A manager's morning by mail alone: somebody wants in, mails wait, a colleague is late, a topic ends, one runs out."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from email.message import EmailMessage
from email.utils import parseaddr
from pathlib import Path

import pytest

from digests import reviews
from digests.waiting import Origin
from gateway.core.clock import utc_now
from gateway.demo import letters
from gateway.demo.company import MailServer
from gateway.demo.house import DOMAIN, House
from store.database import Database
from tests.journeys.clients import answer_with_neomutt, proof
from tests.journeys.conftest import PATIENCE_S, Company, address
from tests.programs import needs

ORIGIN = Origin(DOMAIN, 1)


class Morning:
    """Ann writes, Bea (French) and Cem run `projets`, Dan reads it, Eve is not in it yet."""

    def __init__(self, company: Company, program: str) -> None:
        self.company = company
        self._program = program

    async def write(self, who: str, to: str, subject: str, body: str, *more: str) -> None:
        """Somebody mails an address with swaks."""
        sender = f"{who}@example.com"
        own = ["--from", sender, "--h-From", sender, "--to", to, "--add-header", proof(who)]
        words = ["--header", f"Subject: {subject}", "--body", body, *more]
        port = self.company.house.ports.smtp
        await self.company.run(self._program, "--server", f"127.0.0.1:{port}", "--timeout", "20", *own, *words)

    async def answer(self, who: str, mail: EmailMessage, body: str) -> None:
        """Somebody answers a mail where it says, above what it said."""
        quoted = "\n".join(f"> {line}" for line in letters.text_of(mail).splitlines())
        thread = ("--header", f"In-Reply-To: {mail['Message-ID']}")
        await self.write(
            who, parseaddr(str(mail["Reply-To"]))[1], f"Re: {mail['Subject']}", f"{body}\n\n{quoted}", *thread
        )

    async def mail(self, who: str, subject: str) -> EmailMessage:
        """The mail of that subject that this person got, waited for."""
        mailbox = self.company.server.mailboxes[f"{who}@example.com"]
        async with asyncio.timeout(PATIENCE_S):
            while True:
                found = [mail for mail in mailbox if subject in str(mail["Subject"])]
                if found:
                    return found[-1]
                await asyncio.sleep(0.02)

    def file(self, who: str, mail: EmailMessage) -> Path:
        """Where the mail server keeps it."""
        number = self.company.server.mailboxes[f"{who}@example.com"].index(mail) + 1
        return self.company.house.folder / "mailboxes" / f"{who}@example.com" / f"{number}.eml"


@pytest.fixture
async def morning(tmp_path: Path) -> AsyncIterator[Morning]:
    program = needs("swaks")
    needs("neomutt")
    server = MailServer(tmp_path / "mailboxes")
    await server.start()
    house = House(tmp_path, server.port)
    names = ("ann,Ann Lee,en", "bea,Béa Roux,fr", "cem,Cem Aydin,en", "dan,Dan Okoro,en", "eve,Eve Martin,fr")
    people = [name.replace(",", "@example.com,", 1) + ",Europe/Paris" for name in names]
    roles = {"ann": "member", "bea": "manager", "cem": "manager", "dan": "member"}
    members = [f"{who}@example.com,projets,{role}," for who, role in roles.items()]
    await house.furnish(people, ["projets,Projets,project,each,request,moderated,"], members)
    await house.start()
    yield Morning(Company(house, server), program)
    assert await house.stop() == 0, house.log.read_text()
    await server.stop()


async def test_somebody_asks_to_come_in(morning: Morning) -> None:
    await morning.write("eve", address("projets+rejoindre"), "Bonjour", "Bonjour")
    await morning.mail("eve", "Votre demande pour Projets")
    asked = await morning.mail("bea", "Eve Martin")
    await morning.mail("cem", "Eve Martin")
    await morning.answer("bea", asked, "Oui")
    welcome = await morning.mail("eve", "Bienvenue")
    assert "Projets" in str(welcome["Subject"])


async def test_one_is_published_one_refused_and_the_second_answer_is_late(morning: Morning, tmp_path: Path) -> None:
    await morning.write("ann", address("projets"), "Three new bikes?", "Who would use them?\n\nAnn")
    assert "waiting" in str((await morning.mail("ann", "waiting"))["Subject"])
    beas = await morning.mail("bea", "À valider dans Projets")
    cems = await morning.mail("cem", "To review in Projets")
    assert "Who would use them?" in letters.text_of(beas) and "PUBLIER" in letters.text_of(beas)
    program = needs("neomutt")
    await answer_with_neomutt(
        program, morning.company, tmp_path, "bea", morning.file("bea", beas), 'lines.insert(0, "PUBLIER")'
    )
    await morning.mail("bea", "C’est fait")
    await morning.mail("dan", "[Projets] Three new bikes?")
    await morning.mail("ann", "Posted in Projets: Three new bikes?")
    told = await morning.mail("cem", "Béa Roux has published")
    assert told["In-Reply-To"] == cems["Message-ID"]
    await morning.answer("cem", cems, "APPROVE")
    late = await morning.mail("cem", "was published already")
    assert "Béa Roux" in letters.text_of(late)

    await morning.write("ann", address("projets"), "Old chairs", "Five chairs to give away.\n\nAnn")
    await morning.answer("cem", await morning.mail("cem", "Old chairs"), "REJECT please put this on the notice board")
    back = await morning.mail("ann", "Not published")
    assert "please put this on the notice board" in letters.text_of(back)
    assert "Five chairs to give away." in letters.text_of(back)
    await morning.mail("bea", "Cem Aydin a refusé")
    assert "Old chairs" not in "".join(str(m["Subject"]) for m in morning.company.server.mailboxes["dan@example.com"])

    await morning.write("bea", address("relais"), "", "FERMER #1")
    await morning.mail("bea", "est fermé")
    post = await morning.mail("dan", "Three new bikes?")
    await morning.answer("dan", post, "I would, on Tuesdays.")
    closed = await morning.mail("dan", "this topic is closed")
    assert "I would, on Tuesdays." in letters.text_of(closed) and address("projets") in letters.text_of(closed)

    acts = await morning.company.house.relais("audit", "list", "--community", "projets")
    assert [line.split("\t")[2:4] for line in reversed(acts.splitlines()[1:])] == [
        ["mail_published", "bea@example.com"],
        ["mail_refused", "cem@example.com"],
        ["topic_closed", "bea@example.com"],
    ]


async def test_what_nobody_answers_goes_back(morning: Morning) -> None:
    await morning.write("ann", address("projets"), "A quiet week", "Is anybody there?")
    asked = await morning.mail("bea", "A quiet week")
    house = morning.company.house
    await house.settle()
    assert await house.stop() == 0
    # What the scheduler does in the minute in which the time is over.
    database = Database(f"sqlite:///{house.folder}/relais.db")
    with database.transaction() as tx:
        assert reviews.expire(tx, ORIGIN, utc_now() + timedelta(days=8)) == 1
    database.close()
    await house.start()
    back = await morning.mail("ann", "did not answer")
    assert "Is anybody there?" in letters.text_of(back)
    await morning.answer("bea", asked, "PUBLIER")
    late = await morning.mail("bea", "déjà revenu")
    assert "trop tard" in letters.text_of(late)
