"""A company that has nothing but a mailbox: mails lie there, and the gateway picks them up."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

from gateway.demo.company import AUTHSERV_ID, MailServer
from gateway.demo.house import DOMAIN, House
from tests.dovecot import PASSWORD, Dovecot
from tests.journeys.conftest import PATIENCE_S

SHARED = "relais@example.com"


def letter(number: int, to: str) -> bytes:
    return (
        f"Return-Path: <ann@example.com>\r\nDelivered-To: {SHARED}\r\n"
        f"Authentication-Results: {AUTHSERV_ID}; auth=pass smtp.auth=ann@example.com\r\n"
        f"From: Ann <ann@example.com>\r\nTo: {to}\r\nSubject: Letter {number}\r\n"
        f"Message-ID: <letter{number}@example.com>\r\n\r\nWho reads the letter number {number}?\r\n"
    ).encode()


async def test_mails_of_a_shared_mailbox_reach_the_members(tmp_path: Path) -> None:
    dovecot = Dovecot()
    dovecot.start()
    server = MailServer(tmp_path / "mailboxes")
    await server.start()
    house = House(tmp_path, server.port)
    with house.config.open("a") as file:
        file.write(
            f'\n[[imap]]\nhost = "localhost"\nport = {dovecot.tls_port}\nca_file = "{dovecot.trusted}"\n'
            f'username = "{SHARED}"\npassword = "{PASSWORD}"\nauthserv_id = "{AUTHSERV_ID}"\naddress = "{SHARED}"\n'
        )
    people = [f"{who}@example.com,{who.title()},en,Europe/Paris" for who in ("ann", "bea")]
    members = [f"{who}@example.com,projets,member," for who in ("ann", "bea")]
    await house.furnish(people, ["projets,Projets,project,each,open,members,"], members)
    await asyncio.to_thread(dovecot.put, SHARED, letter(1, "relais+projets@example.com"))
    await house.start()
    try:
        assert await server.wait({"bea@example.com": 1}, PATIENCE_S), house.log.read_text()
        await asyncio.to_thread(
            dovecot.put, SHARED, letter(2, f"projets@{DOMAIN}"), letter(3, "colleagues@example.com")
        )
        assert await server.wait({"bea@example.com": 2}, PATIENCE_S), house.log.read_text()
        [state] = json.loads(await house.relais("status", "--json"))["mailboxes"]
        assert (state["account"], state["folder"], state["trouble"]) == (f"{SHARED}@localhost", "INBOX", "")
        assert f"{SHARED}@localhost/INBOX" in await house.relais("status")
    finally:
        code = await house.stop()
        await server.stop()
    assert code == 0, house.log.read_text()
    folders = ("INBOX", "Relais-done", "Relais-failed")
    assert [await asyncio.to_thread(dovecot.count, SHARED, folder) for folder in folders] == [0, 2, 1]
    assert '"level": "error"' not in house.log.read_text()
    dovecot.remove()
