"""Both ends of the wire for the benches: a load client that posts, and a relay that counts. Run as processes of their
own (`python -m tests.bench.traffic …`), so that their work is not the gateway's; each prints one JSON line.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import re
import signal
import time
from email.utils import formatdate

NUMBER = re.compile(rb"\r\nSubject:[^\r]*bench-(\d+)\b")
WORDS = (
    *("budget", "réunion", "équipe", "planning", "devis", "livraison", "client", "réponse", "vendredi", "semaine"),
    *("projet", "salle", "avant", "après", "valider", "proposer", "the", "meeting", "draft", "release", "question"),
    *("answer", "monday", "invoice", "customer", "delivery", "room", "schedule", "2027"),
)


def build(number: int, sender: str, recipient: str, octets: int) -> bytes:
    """One multipart/alternative mail of about `octets`, the same for the same number."""
    rng = random.Random(number)
    paragraphs = []
    while sum(map(len, paragraphs)) < octets * 0.42:
        paragraphs.append(" ".join(rng.choices(WORDS, k=rng.randint(9, 12))).capitalize() + ".")
    text = "\r\n".join(paragraphs)
    html = "".join(f"<p>{paragraph}</p>\r\n" for paragraph in paragraphs)
    return (
        f"From: Bench Writer <{sender}>\r\nTo: <{recipient}>\r\nSubject: Note bench-{number}\r\n"
        f"Date: {formatdate(1_790_000_000 + number)}\r\n"
        f"Message-ID: <bench-{number}-{time.time_ns()}@client.example>\r\n"
        f'MIME-Version: 1.0\r\nContent-Type: multipart/alternative; boundary="b{number}"\r\n\r\n'
        f"--b{number}\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n{text}\r\n"
        f"--b{number}\r\nContent-Type: text/html; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n"
        f"<html><body>\r\n{html}</body></html>\r\n--b{number}--\r\n"
    ).encode()


async def post(args: argparse.Namespace) -> dict[str, object]:
    """Posts `count` mails over `connections` LMTP or SMTP connections; times are CLOCK_MONOTONIC seconds."""
    waiting = [(i, build(args.first + i, args.sender, args.rcpt, args.octets)) for i in range(args.count)][::-1]
    accepted: dict[int, float] = {}
    lag: list[float] = []
    refused = 0

    async def session() -> None:
        nonlocal refused
        reader, writer = await asyncio.open_connection("127.0.0.1", args.port)
        await reader.readline()
        writer.write(b"%s bench.example\r\n" % (b"LHLO" if args.protocol == "lmtp" else b"EHLO"))
        while (await reader.readline())[3:4] == b"-":
            pass
        while waiting:
            number, data = waiting.pop()
            begun = time.monotonic()
            writer.write(b"MAIL FROM:<%b>\r\nRCPT TO:<%b>\r\nDATA\r\n" % (args.sender.encode(), args.rcpt.encode()))
            replies = [await reader.readline() for _ in range(3)]
            if not replies[2].startswith(b"354"):
                raise RuntimeError(f"refused: {replies}")
            writer.write(data + b".\r\n")
            reply = await reader.readline()
            if reply.startswith(b"250"):
                accepted[args.first + number] = time.monotonic()
                lag.append(time.monotonic() - begun)
            else:
                refused += 1
            if args.pause:
                await asyncio.sleep(args.pause)
        writer.write(b"QUIT\r\n")
        writer.close()

    start = time.monotonic()
    await asyncio.gather(*(session() for _ in range(args.connections)))
    end = time.monotonic()
    return {"start": start, "end": end, "accepted": accepted, "refused": refused, "lag": sorted(lag)}


class Counter(asyncio.Protocol):
    """An SMTP server that takes everything, offers PIPELINING and remembers when which mail came."""

    def __init__(self, arrived: list[tuple[float, int]], expect: int, done: asyncio.Event) -> None:
        self.arrived, self.expect, self.done = arrived, expect, done
        self.buffer = bytearray()
        self.in_data = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        transport.write(b"220 count.example ESMTP\r\n")

    def data_received(self, data: bytes) -> None:
        self.buffer += data
        out = []
        while True:
            if self.in_data:
                end = self.buffer.find(b"\r\n.\r\n")
                if end < 0:
                    break
                number = NUMBER.search(self.buffer, 0, min(end, 4096))
                self.arrived.append((time.monotonic(), int(number[1]) if number else -1))
                del self.buffer[: end + 5]
                self.in_data = False
                out.append(b"250 2.0.0 Ok\r\n")
                if len(self.arrived) >= self.expect:
                    self.done.set()
                continue
            end = self.buffer.find(b"\r\n")
            if end < 0:
                break
            verb = bytes(self.buffer[:4]).upper()
            del self.buffer[: end + 2]
            if verb == b"DATA":
                self.in_data = True
                out.append(b"354 Go on\r\n")
            elif verb == b"EHLO":
                out.append(b"250-count.example\r\n250-PIPELINING\r\n250-8BITMIME\r\n250 SIZE 60000000\r\n")
            elif verb == b"QUIT":
                self.transport.write(b"".join([*out, b"221 2.0.0 Bye\r\n"]))
                self.transport.close()
                return
            else:
                out.append(b"250 2.0.0 Ok\r\n")
        if out:
            self.transport.write(b"".join(out))


async def count(args: argparse.Namespace) -> dict[str, object]:
    """Takes mails until `expect` came or SIGTERM."""
    arrived: list[tuple[float, int]] = []
    done = asyncio.Event()
    loop = asyncio.get_running_loop()
    loop.add_signal_handler(signal.SIGTERM, done.set)
    server = await loop.create_server(lambda: Counter(arrived, args.expect, done), "127.0.0.1", args.port)
    print(json.dumps({"port": server.sockets[0].getsockname()[1]}), flush=True)
    await done.wait()
    await asyncio.sleep(0.05)
    server.close()
    return {"arrived": arrived}


def main() -> None:
    """The two programs."""
    parser = argparse.ArgumentParser()
    sub = parser.add_subparsers(dest="what", required=True)
    poster = sub.add_parser("post")
    poster.add_argument("--port", type=int, required=True)
    poster.add_argument("--protocol", default="lmtp")
    poster.add_argument("--count", type=int, default=1000)
    poster.add_argument("--first", type=int, default=0)
    poster.add_argument("--connections", type=int, default=4)
    poster.add_argument("--octets", type=int, default=4000)
    poster.add_argument("--pause", type=float, default=0.0)
    poster.add_argument("--sender", default="writer@client.example")
    poster.add_argument("--rcpt", required=True)
    counter = sub.add_parser("count")
    counter.add_argument("--port", type=int, default=0)
    counter.add_argument("--expect", type=int, required=True)
    args = parser.parse_args()
    print(json.dumps(asyncio.run(post(args) if args.what == "post" else count(args))), flush=True)


if __name__ == "__main__":
    main()
