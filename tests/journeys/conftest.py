"""A gateway of its own processes between a client that we did not write and a mail server that counts."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from gateway.demo.company import MailServer
from gateway.demo.house import DOMAIN, House

PATIENCE_S = 20.0


@dataclass(frozen=True, slots=True)
class Company:
    """A running gateway and the mail server it sends to."""

    house: House
    server: MailServer

    @property
    def received(self) -> dict[str, int]:
        """Mails by address."""
        return {who: len(mails) for who, mails in self.server.mailboxes.items() if mails}

    async def run(self, *words: str) -> None:
        """Runs a program to its good end."""
        process = await asyncio.create_subprocess_exec(
            *words, stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
        )
        out, _ = await asyncio.wait_for(process.communicate(), PATIENCE_S)
        assert process.returncode == 0, out.decode()

    async def reach(self, **counts: int) -> None:
        """Waits until each of these people (ann is ann@example.com) has so many mails, and nothing is on its way."""
        assert await self.server.wait({f"{who}@example.com": n for who, n in counts.items()}, PATIENCE_S), self.received
        await self.house.settle()


@pytest.fixture
async def company(tmp_path: Path) -> AsyncIterator[Company]:
    """Ann (English), Bea (French) and Cem (English) in the community `projets`."""
    server = MailServer(tmp_path / "mailboxes")
    await server.start()
    house = House(tmp_path, server.port)
    names = ("ann,Ann Lee,en", "bea,Béa Roux,fr", "cem,Cem Aydin,en")
    people = [name.replace(",", "@example.com,", 1) + ",Europe/Paris" for name in names]
    members = [f"{name.partition(',')[0]}@example.com,projets,member," for name in names]
    await house.furnish(people, ["projets,Projets,project,each,open,members,"], members)
    await house.start()
    yield Company(house, server)
    assert await house.stop() == 0, house.log.read_text()
    await server.stop()


def address(local: str) -> str:
    """One of the gateway's addresses."""
    return f"{local}@{DOMAIN}"
