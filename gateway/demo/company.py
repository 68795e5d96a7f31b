"""The company around the gateway: a mail server that keeps everybody's mailbox, and hands mail in at the border.

The gateway's [relay] points at it. As a border would, it writes down who submitted a mail (RFC 8601), which is all the
gateway believes about an author.
"""

from __future__ import annotations

import asyncio
import smtplib
from collections import defaultdict
from collections.abc import Sequence
from contextlib import suppress
from email import policy
from email.message import EmailMessage
from email.parser import BytesParser
from pathlib import Path

AUTHSERV_ID = "mx.example.com"
_EXTENSIONS = ("PIPELINING", "8BITMIME", "SMTPUTF8", "ENHANCEDSTATUSCODES", "SIZE 52428800")


class MailServer:
    """`start` it, then read `mailboxes`: the mails of each address in the order they came, each also a file."""

    def __init__(self, folder: Path) -> None:
        self.mailboxes: dict[str, list[EmailMessage]] = defaultdict(list)
        self.port = 0
        self._folder = folder
        self._server: asyncio.Server | None = None
        self._news = asyncio.Condition()
        self._talks: set[asyncio.Task[None]] = set()

    async def start(self) -> None:
        """Listens on a free port of the loopback interface."""
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0, limit=1 << 20)
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        """Closes the door and every connection."""
        if self._server is not None:
            self._server.close()
        for talk in list(self._talks):
            talk.cancel()
        await asyncio.gather(*self._talks, return_exceptions=True)

    async def wait(self, counts: dict[str, int], patience_s: float) -> bool:
        """Waits until each of these addresses has at least so many mails; False where that does not happen."""
        with suppress(TimeoutError):
            async with asyncio.timeout(patience_s), self._news:
                await self._news.wait_for(lambda: all(len(self.mailboxes[who]) >= n for who, n in counts.items()))
                return True
        return False

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        talk = asyncio.current_task()
        assert talk is not None
        self._talks.add(talk)
        talk.add_done_callback(self._talks.discard)
        try:
            await self._talk(reader, writer)
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass
        finally:
            writer.transport.abort()

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        paths: list[str] = []
        writer.write(f"220 {AUTHSERV_ID} ESMTP\r\n".encode())
        while line := await reader.readline():
            verb, _, rest = line.decode("utf-8", "replace").strip().partition(" ")
            match verb.upper():
                case "EHLO":
                    lines = [AUTHSERV_ID, *_EXTENSIONS]
                    reply = "\r\n".join(f"250{' ' if at is lines[-1] else '-'}{at}" for at in lines)
                case "MAIL" | "RSET":
                    paths.clear()
                    reply = "250 2.1.0 Ok"
                case "RCPT":
                    paths.append(rest.partition("<")[2].partition(">")[0])
                    reply = "250 2.1.5 Ok"
                case "DATA":
                    writer.write(b"354 Go ahead\r\n")
                    await self._keep(paths, await _data(reader))
                    reply = "250 2.0.0 In the mailbox"
                case "NOOP":
                    reply = "250 2.0.0 Ok"
                case "QUIT":
                    writer.write(b"221 2.0.0 Bye\r\n")
                    await writer.drain()
                    return
                case _:
                    reply = "500 5.5.2 What?"
            writer.write(reply.encode() + b"\r\n")
            await writer.drain()

    async def _keep(self, paths: Sequence[str], data: bytes) -> None:
        async with self._news:
            for path in paths:
                mailbox = self.mailboxes[path]
                mailbox.append(BytesParser(policy=policy.default).parsebytes(data))
                file = self._folder / path / f"{len(mailbox)}.eml"
                await asyncio.to_thread(_write, file, data)
            self._news.notify_all()


async def _data(reader: asyncio.StreamReader) -> bytes:
    lines = []
    while (line := await reader.readline()) != b".\r\n":
        if not line:
            raise ConnectionResetError
        lines.append(line.removeprefix(b"."))
    return b"".join(lines)


def _write(file: Path, data: bytes) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(data)


def submit(port: int, submitter: str, forward_paths: Sequence[str], mail: bytes, *, own: bool = True) -> None:
    """Hands a mail to the gateway, as the border server does with what its people and the world send.

    `own` says whether the submitter logged in here; a foreign domain has only its DMARC result. Raises SMTPException.
    """
    proof = f"auth=pass smtp.auth={submitter}" if own else f"dmarc=pass header.from={submitter.rpartition('@')[2]}"
    results = f"Authentication-Results: {AUTHSERV_ID};\r\n {proof}\r\n".encode()
    with smtplib.SMTP("127.0.0.1", port, local_hostname=AUTHSERV_ID, timeout=30) as border:
        refused = border.sendmail(submitter, list(forward_paths), results + mail)
    if refused:
        raise smtplib.SMTPRecipientsRefused(refused)
