"""outbound/wire.py."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.core.reply import Reply
from outbound.wire import Extensions, GarbageError, ReplyReader, read_extensions, stuff


@pytest.mark.parametrize(
    ("octets", "reply"),
    [
        (b"250 2.0.0 Ok: queued as 4ABC\r\n", Reply(250, "2.0.0", "Ok: queued as 4ABC")),
        (b"250 ok\r\n", Reply(250, "", "ok")),
        (b"250\r\n", Reply(250, "", "")),
        (b"250 \n", Reply(250, "", "")),
        (b"550 5.1.1\r\n", Reply(550, "5.1.1", "")),
        # Where the two codes disagree, the one SMTP acts on counts.
        (b"550 4.7.0 Rate limited\r\n", Reply(550, "", "4.7.0 Rate limited")),
        (b"354 2.0.0 go\r\n", Reply(354, "", "2.0.0 go")),
        (b"450-4.2.1 busy\r\n450 4.2.1 later\r\n", Reply(450, "4.2.1", "busy\nlater")),
        (b"250 a\x1b[31m\xff\r\n", Reply(250, "", "a?[31m�")),
    ],
)
def test_reply(octets: bytes, reply: Reply) -> None:
    assert ReplyReader().feed(octets) == [reply]


@given(st.lists(st.integers(1, 40), max_size=20))
def test_replies_do_not_depend_on_how_they_are_cut(cuts: list[int]) -> None:
    octets = b"220 hello\r\n250-relay\r\n250-SIZE 5\r\n250 DSN\r\n250 2.1.0 ok\r\n354 go\r\n" * 3
    reader, replies, start = ReplyReader(), [], 0
    for cut in cuts:
        replies += reader.feed(octets[start : start + cut])
        start += cut
    replies += reader.feed(octets[start:])
    assert [r.code for r in replies] == [220, 250, 250, 354] * 3
    assert reader.empty


@pytest.mark.parametrize(
    "octets",
    [
        b"\r\n",
        b"hello\r\n",
        b"25\r\n",
        b"199 x\r\n",
        b"600 x\r\n",
        b"250x\r\n",
        b"\xb2\xb5\xb0 x\r\n",
        b"250-a\r\n251 b\r\n",
        b"250-a\r\nb\r\n",
        b"250-a\r\n250x\r\n",
        b"250-a\r\n" * 200,
        b"x" * 5000,
        b"250 " + b"x" * 5000 + b"\r\n",
        b"250-" + b"x" * 5000 + b"\r\n",
    ],
)
def test_garbage(octets: bytes) -> None:
    with pytest.raises(GarbageError):
        ReplyReader().feed(octets)


@given(st.binary(max_size=200))
def test_any_octets_give_replies_or_garbage(octets: bytes) -> None:
    try:
        replies = ReplyReader().feed(octets)
    except GarbageError:
        return
    assert all(len(r.text) <= 2000 for r in replies)


def test_long_text_is_cut() -> None:
    (reply,) = ReplyReader().feed(b"250-" + b"x" * 1500 + b"\r\n250 " + b"y" * 1500 + b"\r\n")
    assert len(reply.text) == 2000


def test_extensions() -> None:
    (reply,) = ReplyReader().feed(
        b"250-relay.test PIPELINING\r\n250-size 100\r\n250-8bitmime\r\n250-AUTH PLAIN login\r\n250 \r\n"
    )
    assert read_extensions(reply) == Extensions(size=True, eight_bit=True, auth=frozenset({"PLAIN", "LOGIN"}))


@pytest.mark.parametrize(
    ("data", "stuffed"),
    [
        (b"", b""),
        (b"a\r\n", b"a\r\n"),
        (b"a", b"a\r\n"),
        (b".", b"..\r\n"),
        (b".\r\n.\r\n..\r\n", b"..\r\n..\r\n...\r\n"),
        (b"a.\r\n.b\r\n", b"a.\r\n..b\r\n"),
    ],
)
def test_stuffing(data: bytes, stuffed: bytes) -> None:
    assert stuff(data) == stuffed


@given(st.lists(st.sampled_from([b".", b"..", b"", b"a", b".a", b"a."])))
def test_stuffed_data_never_contain_the_end(lines: list[bytes]) -> None:
    stuffed = stuff(b"".join(line + b"\r\n" for line in lines))
    received = stuffed.split(b"\r\n")[:-1]
    assert b"." not in received
    assert [line[1:] if line.startswith(b".") else line for line in received] == lines
