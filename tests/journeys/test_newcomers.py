"""A new person's first five minutes, from socket to socket: nobody knows them, and mail is all they have."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from email.message import EmailMessage
from pathlib import Path

import pytest

from gateway.demo import letters
from gateway.demo.company import MailServer
from gateway.demo.house import House
from tests.journeys.clients import proof
from tests.journeys.conftest import Company, address
from tests.programs import needs

ANNOUNCED = "Welcome to the plans"


@pytest.fixture
def program() -> str:
    return needs("swaks")


@pytest.fixture
async def company(tmp_path: Path) -> AsyncIterator[Company]:
    """Ann runs `projets`, which is open; whoever writes from example.com may come in."""
    server = MailServer(tmp_path / "mailboxes")
    await server.start()
    house = House(tmp_path, server.port)
    with house.config.open("a", encoding="utf-8") as settings:
        settings.write('\n[people]\ndomains = ["example.com"]\n')
    await house.furnish(
        ["ann@example.com,Ann Lee,en,Europe/Paris"],
        ["projets,Projets,project,each,open,members,"],
        ["ann@example.com,projets,manager,"],
    )
    await house.start()
    yield Company(house, server)
    assert await house.stop() == 0, house.log.read_text()
    await server.stop()


class Person:
    """Somebody with swaks and a mailbox."""

    def __init__(self, company: Company, program: str, who: str) -> None:
        self.company, self.program, self.who = company, program, who
        self.read = 0

    async def send(self, to: str, text: str = "", subject: str = "") -> None:
        """A mail from their own address, as the border of the company hands it on."""
        sender = f"{self.who}@example.com"
        words = ["--from", sender, "--h-From", sender, "--to", to, "--add-header", proof(self.who)]
        server = ["--server", f"127.0.0.1:{self.company.house.ports.smtp}", "--timeout", "20"]
        # An empty body is one that swaks asks for.
        body = ["--header", f"Subject: {subject}", "--body", text or " "]
        await self.company.run(self.program, *server, *words, *body)

    async def next(self) -> EmailMessage:
        """The mail that comes next."""
        self.read += 1
        await self.company.reach(**{self.who: self.read})
        return self.company.server.mailboxes[f"{self.who}@example.com"][self.read - 1]

    async def answer(self, mail: EmailMessage, text: str) -> None:
        """An answer with the mail quoted below it, as people leave it."""
        quoted = "\n".join(f"> {line}" for line in letters.text_of(mail).splitlines())
        await self.send(str(mail["Reply-To"]), f"{text}\n\n{quoted}\n", f"Re: {mail['Subject']}")


WORDS = {
    "fr": {
        "join": "projets+rejoindre",
        "asked": "Rejoindre Projets\u00a0: répondez OUI",
        "yes": "Oui",
        "welcome": "Bienvenue dans Projets",
        "stop": "STOP",
        "left": "C’est fait\u00a0: vous avez quitté Projets",
        "undo": "ANNULER",
        "back": "C’est fait\u00a0: vous êtes de retour dans Projets",
    },
    "en": {
        "join": "projets+join",
        "asked": "Join Projets: answer YES",
        "yes": "yes",
        "welcome": "Welcome to Projets",
        "stop": "Stop.",
        "left": "Done: you have left Projets",
        "undo": "Cancel",
        "back": "Done: you are back in Projets",
    },
}


@pytest.mark.parametrize("language", WORDS)
async def test_the_first_five_minutes(program: str, company: Company, language: str) -> None:
    words = WORDS[language]
    ann, zoe = Person(company, program, "ann"), Person(company, program, "zoe")
    await ann.send(address("projets"), "The plans are in the workshop.", ANNOUNCED)
    await company.house.settle()

    await zoe.send(address(words["join"]))
    asked = await zoe.next()
    assert asked["Subject"] == words["asked"]
    await zoe.answer(asked, words["yes"])
    welcome = await zoe.next()
    assert welcome["Subject"] == words["welcome"]
    assert ANNOUNCED in letters.text_of(welcome)

    # What she missed is answered as if it had just come.
    reply_to = re.search(r"reply\+[a-z2-7]+@relais\.example\.com", letters.text_of(welcome))
    assert reply_to
    await zoe.send(reply_to[0], "I will bring them along.", f"Re: [#1] {ANNOUNCED}")
    answered = await ann.next()
    assert answered["Subject"] == f"Re: [Projets] {ANNOUNCED}" and "bring them along" in letters.text_of(answered)

    await ann.send(address("projets"), "Thank you.", "Another thing")
    await zoe.answer(await zoe.next(), words["stop"])
    left = await zoe.next()
    assert left["Subject"] == words["left"]
    await ann.send(address("projets"), "Nobody but members hears this.", "After her time")
    await company.house.settle()
    assert company.received["zoe@example.com"] == zoe.read
    await zoe.answer(left, words["undo"])
    subjects = {(await zoe.next())["Subject"] for _ in range(1)}
    assert subjects == {words["back"]}


async def test_a_late_joiner_reads_what_was(program: str, company: Company) -> None:
    ann, zoe = Person(company, program, "ann"), Person(company, program, "zoe")
    for number in range(1, 5):
        await ann.send(address("projets"), f"Words {number}.", f"Matter {number}")
        await company.house.settle()
    await zoe.send(address("projets+join"))
    await zoe.answer(await zoe.next(), "YES")
    await zoe.next()
    await zoe.send(address("relais"), "LAST 3")
    last = letters.text_of(await zoe.next())
    assert [last.find(f"Words {number}.") > 0 for number in range(1, 5)] == [False, True, True, True]
    await zoe.send(address("relais"), "", "GET #1")
    topic = await zoe.next()
    assert topic["Subject"] == "[#1] Matter 1" and "Words 1." in letters.text_of(topic)


async def test_a_token_opens_nothing_to_somebody_else(program: str, company: Company) -> None:
    zoe, eve = Person(company, program, "zoe"), Person(company, program, "eve")
    await zoe.send(address("projets+join"))
    asked = await zoe.next()
    await eve.answer(asked, "YES")
    status = await company.house.settle()
    assert status["arrivals"]["held"] == 1
    assert company.received == {"zoe@example.com": 1}
