"""The scripts beside this file, each against a real listener.

# why this dialog is here
= recipients 2            a limit or a setting of the listener, or `spool 451`: what the spool answers
C: EHLO client.example    a line sent with CRLF; lines that follow each other leave together
C~ a\\nb                   octets sent as they are; \\r \\n \\0 \\xHH are escapes; {x*1000} is repeated
S: 250 2.*                a reply line, in order; * stands for anything
S! closed                 the listener closed the connection
K: 1                      mails kept so far
K~ a.\\r\\n                 the last kept mail ends so
"""

from __future__ import annotations

import re
from fnmatch import translate
from pathlib import Path

import pytest

from gateway.core.reply import Reply
from inbound.limits import Protocol
from tests.inbound.mailroom import Client, MemorySpool, Room, listening, make_config

SCRIPTS = sorted(path for path in Path(__file__).parent.iterdir() if path.suffix in (".smtp", ".lmtp"))
REPEAT = re.compile(r"\{(.+?)\*(\d+)\}")


def octets(text: str) -> bytes:
    repeated = REPEAT.sub(lambda match: match[1] * int(match[2]), text)
    return re.sub(r"\\(x[0-9a-f]{2}|[rn0\\])", lambda m: _ESCAPES.get(m[1]) or chr(int(m[1][1:], 16)), repeated).encode(
        "latin-1" if "\\x" in text else "utf-8"
    )


_ESCAPES = {"r": "\r", "n": "\n", "0": "\0", "\\": "\\"}


def matches(pattern: str, line: str) -> bool:
    # Only * is a wildcard: brackets and question marks stand for themselves.
    return bool(re.match(translate(re.sub(r"([?\[])", r"[\1]", pattern)), line))


def read(path: Path) -> tuple[dict[str, str], list[tuple[int, str, str]]]:
    settings, steps = {}, []
    for number, line in enumerate(path.read_text("utf-8").splitlines(), 1):
        mark, rest = line[:2], line[3:]
        if not line or line.startswith("#"):
            continue
        if mark == "= ":
            name, _, value = line[2:].partition(" ")
            settings[name] = value
        else:
            assert mark in ("C:", "C~", "S:", "S!", "K:", "K~"), f"{path.name}:{number}: {line}"
            steps.append((number, mark, rest))
    return settings, steps


async def play(step: tuple[str, str], client: Client, room: Room) -> None:
    match step:
        case ("C:", text):
            client.writer.write(octets(text) + b"\r\n")
        case ("C~", text):
            client.writer.write(octets(text))
        case ("S:", pattern):
            line = await client.line()
            assert matches(pattern, line), line
        case ("S!", _):
            assert await client.line() == ""
        case ("K:", count):
            assert len(room.spool.kept) == int(count)
        case ("K~", ending):
            assert room.spool.bodies()[-1].endswith(octets(ending)), room.spool.bodies()[-1][-200:]


def test_there_are_scripts_of_both_protocols() -> None:
    assert {path.suffix for path in SCRIPTS} == {".smtp", ".lmtp"}


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.name)
async def test_dialog(path: Path) -> None:
    settings, steps = read(path)
    code = settings.pop("spool", "250")
    spool = MemorySpool(Reply(int(code), "2.0.0" if code == "250" else "4.3.0", "The spool says so"))
    config = make_config(Protocol(path.suffix[1:]), **{name: int(value) for name, value in settings.items()})
    async with listening(config, spool) as room:
        client = await room.connect(greeted=False)
        for number, mark, text in steps:
            try:
                await play((mark, text), client, room)
            except AssertionError as error:
                pytest.fail(f"{path.name}:{number}: {mark} {text}\n  got: {error.args[0] if error.args else ''}")


def test_a_wrong_line_fails() -> None:
    assert not matches("250 2.*", "550 5.1.1 No")
    assert not matches("250-SIZE [1]", "250-SIZE 1")
    assert matches("220 mx.our.example *", "220 mx.our.example ESMTP Relais")
