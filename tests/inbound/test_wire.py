import asyncio

from gateway.core.reply import Reply
from inbound.wire import COMMAND_OCTETS, Fault, Wire

BYE = Reply(421, "4.3.2", "Bye")


class Paused(asyncio.Transport):
    """Notes whether it was asked to pause."""

    def __init__(self) -> None:
        super().__init__()
        self.paused = False

    def pause_reading(self) -> None:
        self.paused = True

    def resume_reading(self) -> None:
        self.paused = False


def wire(*chunks: bytes) -> Wire:
    made = Wire()
    for chunk in chunks:
        made.feed(chunk)
    return made


def test_lines_one_by_one() -> None:
    w = wire(b"NOOP\r\nQU", b"IT\r", b"\nREST")
    assert [w.line(), w.line(), w.line()] == [b"NOOP", b"QUIT", None]


def test_what_is_no_line() -> None:
    w = wire(b"a\n", b"b\rc\r\n", b"d\0\r\n", b"\r\r\n", b"ok\r\n")
    assert [w.line() for _ in range(5)] == [Fault.BARE] * 4 + [b"ok"]


def test_a_line_too_long_is_skipped_whole() -> None:
    w = wire(b"x" * (COMMAND_OCTETS - 2) + b"\r\n", b"x" * COMMAND_OCTETS + b"\r\nNOOP\r\n")
    assert w.line() == b"x" * (COMMAND_OCTETS - 2)
    assert [w.line(), w.line()] == [Fault.TOO_LONG, b"NOOP"]
    for _ in range(10):
        w.feed(b"y" * 5000)
        assert w.line() is None
    assert not w.pending
    w.feed(b"\r\nNOOP\r\n")
    assert [w.line(), w.line()] == [Fault.TOO_LONG, b"NOOP"]


def test_a_line_without_end_is_a_flood() -> None:
    w = Wire()
    found = None
    for _ in range(20):
        w.feed(b"y" * 65_536)
        found = found or w.line()
    assert found is Fault.FLOOD


async def test_what_came_with_the_end_is_still_read() -> None:
    w = Wire()
    waiting = asyncio.ensure_future(w.more())
    await asyncio.sleep(0)
    w.feed(b"data")
    w.end()
    assert await waiting
    assert w.take() == b"data"
    assert not await w.more()


async def test_hang_up_wakes_and_the_first_reason_stands() -> None:
    w = Wire()
    waiting = asyncio.ensure_future(w.more())
    await asyncio.sleep(0)
    w.hang_up(BYE)
    w.hang_up(Reply(421, "4.4.2", "Other"))
    assert not await waiting
    assert w.verdict is BYE
    assert not await w.more()


def test_a_fast_peer_is_made_to_wait() -> None:
    transport, w = Paused(), Wire()
    w.attach(transport)
    w.feed(b"x" * 200_000)
    assert not transport.paused
    w.feed(b"x" * 100_000)
    assert transport.paused
    assert len(w.take()) == 300_000
    assert not transport.paused


def test_another_transport_starts_clean() -> None:
    w = wire(b"MAIL FROM:<injected@client.example>\r\n")
    w.attach(Paused())
    assert w.line() is None
    assert not w.pending


def test_discard_forgets_what_is_still_to_come() -> None:
    w = wire(b"a\r\n")
    w.discard()
    w.feed(b"b\r\n")
    assert not w.pending
    assert w.octets == 6


def test_give_back_goes_first() -> None:
    w = wire(b"two\r\n")
    w.give_back(b"one\r\n")
    assert [w.line(), w.line()] == [b"one", b"two"]
