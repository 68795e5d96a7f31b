"""What happens in the demo, step by step, and what has to hold at each.

Run by __main__. A step that does not hold is told and remembered; the story goes on as far as it can.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from email.message import EmailMessage
from email.utils import formataddr
from functools import partial
from pathlib import Path

from gateway.core.address import Address, parse
from gateway.demo import letters
from gateway.demo.company import MailServer, submit
from gateway.demo.house import DOMAIN, DemoError, House
from gateway.demo.transcript import Transcript

_PATIENCE_S = 20.0


@dataclass(frozen=True, slots=True)
class Colleague:
    """Somebody of the company. `places` are the communities they belong to."""

    name: str
    locale: str
    places: tuple[str, ...]

    @property
    def address(self) -> str:
        """Where their mail goes."""
        return f"{self.name.split()[0].lower().replace('è', 'e')}@example.com"

    @property
    def mailbox(self) -> str:
        """Their From."""
        return formataddr((self.name, self.address))


CLAIRE = Colleague("Claire Morel", "fr", ("projets", "achats"))
KARIM = Colleague("Karim Haddad", "fr", ("projets", "achats"))
INES = Colleague("Inès Delmas", "fr", ("projets",))
TOM = Colleague("Tom Reed", "en", ("projets",))
ANNA = Colleague("Anna Schmidt", "en", ("achats",))
PEOPLE = (CLAIRE, KARIM, INES, TOM, ANNA)
READERS = (KARIM, INES, TOM, ANNA)

SUBJECT = "Budget 2027 : qui valide les devis ?"
TEXT = """\
Bonjour à toutes et à tous,

Le projet de budget est joint. Avant vendredi, il nous faut un nom pour valider les devis de plus de 5 000 € :
l’an dernier, personne n’était sûr de devoir le faire.

Qui s’en charge ?
"""
SIGNATURE = "\n-- \nClaire Morel\nDirection des projets"
WORDS = "I can take it for the Lyon site, up to 20,000 €.\n\nAbove that it should be Karim."


@dataclass
class Story:
    """The demo from start to end, in `folder`."""

    folder: Path
    tell: Transcript
    company: MailServer = field(init=False)
    house: House = field(init=False)
    mail: bytes = field(init=False)
    """The post as Claire sent it."""
    token: Address = field(init=False)
    """The address by which Tom answers."""

    async def run(self) -> None:
        """All of it. Raises DemoError where it cannot go on; `stop` afterwards in any case."""
        await self._open()
        await self._post()
        await self._answer()
        await self._refuse()
        await self._add_up()

    async def stop(self) -> None:
        """Ends the gateway, then the company's mail server."""
        if hasattr(self, "house"):
            code = await self.house.stop()
            self.tell.check(code == 0, f"relais serve ended with {code}")
        await self.company.stop()

    async def _open(self) -> None:
        tell = self.tell
        tell.step("A company starts Relais")
        self.company = MailServer(self.folder / "mailboxes")
        await self.company.start()
        self.house = house = House(self.folder, self.company.port)
        await house.furnish(
            [f"{person.address},{person.name},{person.locale},Europe/Paris" for person in PEOPLE],
            ["projets,Projets,project,each,open,members,", "achats,Achats,practice,each,open,members,"],
            [f"{person.address},{place},member," for person in PEOPLE for place in person.places],
        )
        await house.start()
        tell.note(f"Two communities: projets@{DOMAIN} and achats@{DOMAIN}. Five people:")
        tell.people([(p.name, p.address, p.locale, ", ".join(p.places)) for p in PEOPLE])

    async def _post(self) -> None:
        tell, mailboxes = self.tell, self.company.mailboxes
        paths = [f"{place}@{DOMAIN}" for place in CLAIRE.places]
        tell.step("Claire mails a post with an attachment to both communities")
        paper = letters.paper()
        self.mail = letters.as_sent(letters.post(CLAIRE.mailbox, paths, SUBJECT, TEXT + SIGNATURE, paper))
        await self._submit(CLAIRE.address, paths, self.mail)
        if not await self.company.wait({person.address: 1 for person in READERS}, _PATIENCE_S):
            raise DemoError(f"the post did not reach everybody; see {self.house.log}")
        await self.house.settle()
        for person in READERS:
            self._show(person, mailboxes[person.address][0])
        counts = {person.name: len(mailboxes[person.address]) for person in PEOPLE}
        tell.check(counts[KARIM.name] == 1, "Karim belongs to both communities and got one mail")
        tell.check(all(counts[p.name] == 1 for p in READERS), "every other reader got one mail, too")
        tell.check(counts[CLAIRE.name] == 0, "Claire, who wrote it, got none")
        first = {person: mailboxes[person.address][0] for person in READERS}
        tell.check(
            all(letters.attachments_of(mail) == [paper] for mail in first.values()), "the attachment came through whole"
        )
        french = {person for person, mail in first.items() if "Répondez à ce message" in letters.text_of(mail)}
        english = {person for person, mail in first.items() if "Reply to this message" in letters.text_of(mail)}
        tell.check(
            french == {KARIM, INES} and english == {TOM, ANNA},
            "each person is spoken to in French or English, as they chose",
        )
        tell.check(
            len({str(mail["Message-ID"]) for mail in first.values()}) == 1
            and len({str(mail["Reply-To"]) for mail in first.values()}) == 4,
            "one Message-ID for all, a reply address for each",
        )

    async def _answer(self) -> None:
        tell, mailboxes = self.tell, self.company.mailboxes
        tell.step("Tom answers in his mail client, below the quoted mail")
        received = mailboxes[TOM.address][0]
        self.token = parse(str(received["Reply-To"]))
        mail = letters.answer(TOM.mailbox, received, WORDS)
        tell.mail("as Tom sent it", mail, letters.part_of(mail, "plain"))
        await self._submit(TOM.address, [str(self.token)], letters.as_sent(mail))
        heard = (CLAIRE, KARIM, INES)
        if not await self.company.wait({CLAIRE.address: 1, KARIM.address: 2, INES.address: 2}, _PATIENCE_S):
            raise DemoError(f"the answer did not reach everybody; see {self.house.log}")
        await self.house.settle()
        answers = {person: mailboxes[person.address][-1] for person in heard}
        self._show(CLAIRE, answers[CLAIRE])
        counts = [len(mailboxes[person.address]) for person in PEOPLE]
        tell.check(counts == [1, 2, 2, 1, 1], "it reached Claire, Karim and Inès; Tom and Achats did not get it")
        ours = str(received["Message-ID"])
        tell.check(
            all(ours in str(a["References"]) and ours in str(a["In-Reply-To"]) for a in answers.values()),
            "it is in the same thread: In-Reply-To and References lead to the post",
        )
        tell.check(
            all(str(a["Subject"]) == f"Re: {received['Subject']}" for a in answers.values()), "its subject says Re:"
        )
        texts = [letters.text_of(answer) for answer in answers.values()]
        pages = [letters.part_of(answer, "html") for answer in answers.values()]
        tell.check(all("Lyon" in text and "Karim" in text for text in texts), "Tom’s words are all there")
        tell.check(
            not any("devis de plus" in words or "wrote:" in words for words in texts + pages), "what he quoted was cut"
        )

    async def _refuse(self) -> None:
        tell = self.tell
        tell.step("The same mail comes again, and a stranger uses Tom’s reply address")
        before = {person: len(self.company.mailboxes[person.address]) for person in PEOPLE}
        posts = (await self.house.status())["store"]["posts"]
        await self._submit(CLAIRE.address, [f"{place}@{DOMAIN}" for place in CLAIRE.places], self.mail)
        status = await self.house.settle()
        tell.check(status["store"]["posts"] == posts, "the second copy was taken and made no second post")
        stranger = letters.answer(
            "Mallory <mallory@elsewhere.example>", self.company.mailboxes[TOM.address][0], "Buy now!"
        )
        await asyncio.to_thread(
            partial(
                submit,
                self.house.ports.smtp,
                "mallory@elsewhere.example",
                [str(self.token)],
                letters.as_sent(stranger),
                own=False,
            )
        )
        status = await self.house.settle()
        tell.check(
            status["arrivals"]["held"] == 1, "the stranger’s mail is held: a token gives the place, not the person"
        )
        after = {person: len(self.company.mailboxes[person.address]) for person in PEOPLE}
        tell.check(after == before, "nobody got anything of it")

    async def _add_up(self) -> None:
        tell = self.tell
        tell.step("The books")
        status = await self.house.settle()
        tell.books(status)
        arrivals, deliveries, store = status["arrivals"], status["deliveries"], status["store"]
        received = sum(map(len, self.company.mailboxes.values()))
        tell.check(
            (store["posts"], store["topics"], store["communities"], store["people"]) == (3, 2, 2, 5),
            "a post in each of two communities and one answer: 3 posts, 2 topics",
        )
        tell.check(
            deliveries == {"pending": 0, "deferred": 0, "delivered": received, "failed": 0, "dropped": 0}
            and received == 7,
            f"every delivery is delivered, and the company’s server counts the same {received}",
        )
        tell.check(arrivals == {"spooled": 0, "claimed": 0, "set_aside": 0, "held": 1}, "nothing else is waiting")

    def _show(self, person: Colleague, mail: EmailMessage) -> None:
        files = [f"{name}, {len(data):,} octets" for name, data in letters.attachments_of(mail)]
        self.tell.mail(f"{person.name} received", mail, letters.text_of(mail), files)

    async def _submit(self, submitter: str, paths: list[str], mail: bytes) -> None:
        await asyncio.to_thread(submit, self.house.ports.smtp, submitter, paths, mail)
