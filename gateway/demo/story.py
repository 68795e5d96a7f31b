"""What happens in the demo, step by step, and what has to hold at each.

Run by __main__. A step that does not hold is told and remembered; the story goes on as far as it can.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from email.message import EmailMessage

from gateway.core.address import Address, parse
from gateway.demo import letters, story_digest
from gateway.demo.cast import ANNA, CLAIRE, INES, KARIM, PEOPLE, TOM, Colleague
from gateway.demo.house import DOMAIN, ZONE
from gateway.demo.stage import Stage

READERS = (KARIM, TOM, ANNA)
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
    """The demo from start to end, on a stage that is cleared afterwards in any case."""

    stage: Stage
    mail: bytes = field(init=False)
    """The post as Claire sent it."""
    token: Address = field(init=False)
    """The address by which Tom answers."""

    async def run(self) -> None:
        """All of it. Raises DemoError where it cannot go on."""
        await self._open()
        await self._post()
        await self._answer()
        await story_digest.run(self.stage)
        await self._refuse()
        await self._add_up()

    async def _open(self) -> None:
        stage, tell = self.stage, self.stage.tell
        tell.step("A company starts Relais")
        await stage.raise_curtain()
        await stage.house.furnish(
            [f"{person.address},{person.name},{person.locale},{ZONE}" for person in PEOPLE],
            ["projets,Projets,project,each,open,members,", "achats,Achats,practice,each,open,members,"],
            [f"{person.address},{place},member,{person.pace}" for person in PEOPLE for place in person.places],
        )
        await stage.house.start()
        tell.note(f"Two communities: projets@{DOMAIN} and achats@{DOMAIN}. Five people:")
        tell.people([(p.name, p.address, p.locale, ", ".join(p.places), _pace(p)) for p in PEOPLE])

    async def _post(self) -> None:
        stage, tell = self.stage, self.stage.tell
        paths = [f"{place}@{DOMAIN}" for place in CLAIRE.places]
        tell.step("Claire mails a post with an attachment to both communities")
        paper, before = letters.paper(), stage.counts()
        self.mail = letters.as_sent(letters.post(CLAIRE.mailbox, paths, SUBJECT, TEXT + SIGNATURE, paper))
        await stage.submit(CLAIRE.address, paths, self.mail)
        first = {person: mails[0] for person, mails in (await stage.receive(before, *READERS)).items()}
        for person, mail in first.items():
            stage.show(person, mail)
        counts = stage.counts()
        tell.check(counts[KARIM] == 1, "Karim belongs to both communities and got one mail")
        tell.check(all(counts[p] == 1 for p in READERS), "Tom and Anna, who follow one of them, got one, too")
        tell.check(counts[CLAIRE] == 0, "Claire, who wrote it, got none")
        tell.check(counts[INES] == 0, "Inès, who chose one mail a day, got none yet")
        tell.check(
            all(letters.attachments_of(mail) == [paper] for mail in first.values()), "the attachment came through whole"
        )
        french = {person for person, mail in first.items() if "Répondez à ce message" in letters.text_of(mail)}
        english = {person for person, mail in first.items() if "Reply to this message" in letters.text_of(mail)}
        tell.check(
            french == {KARIM} and english == {TOM, ANNA}, "each person is spoken to in French or English, as they chose"
        )
        tell.check(
            len({str(mail["Message-ID"]) for mail in first.values()}) == 1
            and len({str(mail["Reply-To"]) for mail in first.values()}) == len(READERS),
            "one Message-ID for all, a reply address for each",
        )

    async def _answer(self) -> None:
        stage, tell = self.stage, self.stage.tell
        tell.step("Tom answers in his mail client, below the quoted mail")
        received, before = stage.mails(TOM)[0], stage.counts()
        self.token = parse(str(received["Reply-To"]))
        mail = letters.answer(TOM.mailbox, received, WORDS)
        tell.mail("as Tom sent it", mail, letters.part_of(mail, "plain"))
        await stage.submit(TOM.address, [str(self.token)], letters.as_sent(mail))
        answers = {person: mails[0] for person, mails in (await stage.receive(before, CLAIRE, KARIM)).items()}
        stage.show(CLAIRE, answers[CLAIRE])
        tell.check(stage.heard(before, CLAIRE, KARIM), "it reached Claire and Karim; Tom and Achats did not get it")
        self._check_thread(received, list(answers.values()))
        texts = [letters.text_of(answer) for answer in answers.values()]
        pages = [letters.part_of(answer, "html") for answer in answers.values()]
        tell.check(all("Lyon" in text and "Karim" in text for text in texts), "Tom’s words are all there")
        tell.check(
            not any("devis de plus" in words or "wrote:" in words for words in texts + pages), "what he quoted was cut"
        )

    def _check_thread(self, received: EmailMessage, answers: list[EmailMessage]) -> None:
        tell, ours = self.stage.tell, str(received["Message-ID"])
        tell.check(
            all(ours in str(a["References"]) and ours in str(a["In-Reply-To"]) for a in answers),
            "it is in the same thread: In-Reply-To and References lead to the post",
        )
        tell.check(all(str(a["Subject"]) == f"Re: {received['Subject']}" for a in answers), "its subject says Re:")

    async def _refuse(self) -> None:
        stage, tell = self.stage, self.stage.tell
        tell.step("The same mail comes again, and a stranger uses Tom’s reply address")
        before = stage.counts()
        posts = (await stage.house.status())["store"]["posts"]
        await stage.submit(CLAIRE.address, [f"{place}@{DOMAIN}" for place in CLAIRE.places], self.mail)
        status = await stage.house.settle()
        tell.check(status["store"]["posts"] == posts, "the second copy was taken and made no second post")
        stranger = letters.answer("Mallory <mallory@elsewhere.example>", stage.mails(TOM)[0], "Buy now!")
        await stage.submit("mallory@elsewhere.example", [str(self.token)], letters.as_sent(stranger), own=False)
        status = await stage.house.settle()
        tell.check(
            status["arrivals"]["held"] == 1, "the stranger’s mail is held: a token gives the place, not the person"
        )
        asked = stage.mails(TOM)[-1]
        tell.check(
            stage.heard(before, TOM) and "Buy now" not in letters.text_of(asked),
            "Tom alone is asked whether that address is his too, in words that carry nothing of it",
        )

    async def _add_up(self) -> None:
        stage, tell = self.stage, self.stage.tell
        tell.step("The books")
        status = await stage.house.settle()
        tell.books(status)
        arrivals, deliveries, store = status["arrivals"], status["deliveries"], status["store"]
        received = stage.counts().total()
        tell.check(
            (store["posts"], store["topics"], store["communities"], store["people"]) == (6, 3, 2, 5),
            "a post in two communities and one in a third topic, an answer by mail, two in a digest: 6 posts, 3 topics",
        )
        tell.check(store["digests"] == 1, "one digest, with all that Inès had not got singly")
        tell.check(
            deliveries == {"pending": 0, "deferred": 0, "delivered": received, "failed": 0, "dropped": 0}
            and received == 17,
            f"every delivery is delivered, and the company’s server counts the same {received}",
        )
        tell.check(arrivals == {"spooled": 0, "claimed": 0, "set_aside": 0, "held": 1}, "nothing else is waiting")


def _pace(person: Colleague) -> str:
    return {"each": "every message", "daily": "one mail a day"}[person.pace]
