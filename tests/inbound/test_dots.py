import tracemalloc
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from inbound.dots import LINE_OCTETS, Dots

OCTETS = st.lists(st.sampled_from([b"\r\n", b".", b"\r", b"\n", b"\0", b"a", b"\r\n.\r\n", b"\r\n..", b"Received: x"]))


def read(*chunks: bytes, max_octets: int = 10_000_000, header_octets: int = 262_144) -> tuple[Dots, bytes]:
    dots = Dots(max_octets, header_octets)
    out = bytearray()
    for index, chunk in enumerate(chunks):
        out += dots.feed(chunk)
        if dots.done:
            dots.rest += b"".join(chunks[index + 1 :])
            break
    return dots, bytes(out)


def plain_reading(data: bytes) -> tuple[bytes | None, bool, bytes]:
    """(message, bare, rest) read the slow way: whole, line by line."""
    end = (b"\r\n" + data).find(b"\r\n.\r\n")
    if end < 0:
        return None, False, b""
    body, rest = data[:end], data[end + 3 :]
    lines = body.split(b"\r\n")
    bare = any(sign in line for line in lines for sign in (b"\r", b"\n", b"\0"))
    return b"\r\n".join(line.removeprefix(b".") for line in lines), bare, rest


@given(OCTETS.map(b"".join), st.lists(st.integers(0, 60), max_size=8))
@settings(max_examples=1500, deadline=None)
def test_pieces_of_any_size_read_as_the_whole(data: bytes, cuts: list[int]) -> None:
    edges = [0, *sorted(min(cut, len(data)) for cut in cuts), len(data)]
    chunks = [data[a:b] for a, b in pairwise(edges)]
    dots, out = read(*chunks)
    message, bare, rest = plain_reading(data)
    assert dots.done == (message is not None)
    if message is not None:
        assert dots.bare == bare
        assert dots.rest == rest
        if not bare:
            assert dots.fault is None
            assert out == message
            assert dots.size == len(message)


@pytest.mark.parametrize("size", [1, 2, 3, 7])
def test_stuffed_dots_across_pieces(size: int) -> None:
    data = b"..a\r\n...\r\nb.\r\n..\r\n.\r\nQUIT\r\n"
    dots, out = read(*(data[i : i + size] for i in range(0, len(data), size)))
    assert out == b".a\r\n..\r\nb.\r\n.\r\n"
    assert dots.rest == b"QUIT\r\n"


@pytest.mark.parametrize("size", [1000, 65_536, 262_144])
@pytest.mark.parametrize(("length", "fits"), [(LINE_OCTETS, True), (LINE_OCTETS + 1, False)])
def test_longest_line(size: int, length: int, fits: bool) -> None:
    data = b"S: x\r\n\r\n" + b"short\r\n" * 30_000 + b"x" * length + b"\r\n" + b"short\r\n" * 30_000 + b".\r\n"
    dots, out = read(*(data[i : i + size] for i in range(0, len(data), size)))
    assert dots.done
    assert (dots.fault is None) is fits
    if fits:
        assert out == data[:-3]
    else:
        assert str(dots.fault).startswith("500 5.5.2")


@pytest.mark.parametrize("size", [1, 5, 11, 4096])
@pytest.mark.parametrize(("hops", "code"), [(100, None), (101, 554)])
def test_hops_are_counted_once_however_cut(size: int, hops: int, code: int | None) -> None:
    data = b"received: by a\r\n" * hops + b"\r\nReceived: in the text\r\n.\r\n"
    dots, _ = read(*(data[i : i + size] for i in range(0, len(data), size)))
    assert (dots.fault.code if dots.fault else None) == code


@pytest.mark.parametrize("size", [1, 3, 4096])
@pytest.mark.parametrize(("octets", "code"), [(100, None), (101, 552)])
def test_header_size_ends_with_the_header(size: int, octets: int, code: int | None) -> None:
    header = b"X: " + b"h" * (octets - 5) + b"\r\n"
    data = header + b"\r\n" + b"text\r\n" * 100 + b".\r\n"
    dots, _ = read(*(data[i : i + size] for i in range(0, len(data), size)), header_octets=100)
    assert (dots.fault.code if dots.fault else None) == code


def test_bare_line_end_outranks_an_earlier_fault() -> None:
    dots, _ = read(b"x" * 200 + b"\r\n", b"a\nb\r\n.\r\n", max_octets=100)
    assert dots.bare
    assert str(dots.fault).startswith("550 5.6.11")


def test_what_is_read_after_a_fault_is_counted_and_not_kept() -> None:
    dots = Dots(100, 100)
    assert dots.feed(b"x" * 200) == b""
    assert [dots.feed(b"y" * 1000 + b"\r\n") for _ in range(3)] == [b""] * 3
    assert dots.wasted == 3006
    assert not dots.done


def test_memory_is_flat() -> None:
    dots = Dots(1 << 30, 262_144)
    chunk = b"\r\n" * 131_072
    tracemalloc.start()
    try:
        for _ in range(40):
            dots.feed(chunk)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert dots.size > 10_000_000
    assert peak < 3_000_000
