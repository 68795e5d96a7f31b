"""What every chapter of the demo needs: the company's mail server, the gateway, and who received what so far.

Made by the story and handed to its chapters.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from dataclasses import dataclass, field
from email.message import EmailMessage
from functools import partial
from pathlib import Path

from gateway.demo import letters
from gateway.demo.cast import PEOPLE, Colleague
from gateway.demo.company import MailServer, submit
from gateway.demo.house import DemoError, House
from gateway.demo.transcript import Transcript

_PATIENCE_S = 20.0


@dataclass
class Stage:
    """The demo in `folder`, told by `tell`. `raise_curtain` makes the rest."""

    folder: Path
    tell: Transcript
    company: MailServer = field(init=False)
    house: House = field(init=False)

    async def raise_curtain(self) -> None:
        """The company's mail server runs; the gateway, which it belongs to, has its settings. Raises OSError."""
        self.company = MailServer(self.folder / "mailboxes")
        await self.company.start()
        self.house = House(self.folder, self.company.port)

    async def clear(self) -> None:
        """Ends the gateway, then the company's mail server."""
        if hasattr(self, "house"):
            code = await self.house.stop()
            self.tell.check(code == 0, f"relais serve ended with {code}")
        if hasattr(self, "company"):
            await self.company.stop()

    def mails(self, person: Colleague) -> list[EmailMessage]:
        """What they received so far, in its order."""
        return self.company.mailboxes[person.address]

    def counts(self) -> Counter[Colleague]:
        """How many mails each of them received so far."""
        return Counter({person: len(self.mails(person)) for person in PEOPLE})

    async def receive(self, before: Counter[Colleague], *readers: Colleague) -> dict[Colleague, list[EmailMessage]]:
        """What each of these readers got after `before`, once nothing is on its way any more.

        Who is named twice is waited for until they have two mails. Raises DemoError where one of them never comes.
        """
        wanted = {reader: before[reader] + count for reader, count in Counter(readers).items()}
        if not await self.company.wait({reader.address: count for reader, count in wanted.items()}, _PATIENCE_S):
            missing = ", ".join(reader.name for reader, count in wanted.items() if len(self.mails(reader)) < count)
            raise DemoError(f"a mail did not reach {missing}; see {self.house.log}")
        await self.house.settle()
        return {reader: self.mails(reader)[before[reader] :] for reader in wanted}

    def heard(self, before: Counter[Colleague], *readers: Colleague) -> bool:
        """Whether since `before` each of these got one mail, two where named twice, and nobody else any."""
        return self.counts() == before + Counter(readers)

    def show(self, person: Colleague, mail: EmailMessage) -> None:
        """Tells what they received."""
        files = [f"{name}, {len(data):,} octets" for name, data in letters.attachments_of(mail)]
        self.tell.mail(f"{person.name} received", mail, letters.text_of(mail), files)

    async def submit(self, submitter: str, paths: list[str], mail: bytes, *, own: bool = True) -> None:
        """Hands a mail to the gateway, as the company's border does."""
        await asyncio.to_thread(partial(submit, self.house.ports.smtp, submitter, paths, mail, own=own))
