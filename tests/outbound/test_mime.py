"""Parts as bytes with slots."""

from __future__ import annotations

import quopri

import pytest
from hypothesis import given
from hypothesis import strategies as st

from outbound.mime import Slot, SlotKind, cut, file_part, merge, multipart, quoted, text_head, text_part

LEAVE = Slot(SlotKind.LEAVE)
FILE = Slot(SlotKind.FILE, 12)


def test_cut_finds_every_mark() -> None:
    assert cut(f"a{LEAVE.mark}b{FILE.mark}", str.encode) == [b"a", LEAVE, b"b", FILE, b""]
    assert cut("\x02X0\x03 \x02L\x03", str.encode) == [b"\x02X0\x03 \x02L\x03"]


@pytest.mark.parametrize("kind", SlotKind)
def test_every_kind_of_slot_has_a_mark_of_its_own(kind: SlotKind) -> None:
    slot = Slot(kind, 31)
    assert cut(f"a{slot.mark}b", str.encode) == [b"a", slot, b"b"]
    assert [other for other in SlotKind if other.value == kind.value] == [kind]


@given(st.lists(st.text(alphabet=st.characters(codec="utf-8", exclude_categories=["Cc"]), max_size=90), max_size=4))
def test_stretches_of_whole_lines_are_quoted_one_by_one(stretches: list[str]) -> None:
    lines = [f"{words}{LEAVE.mark}{words}\n" for words in stretches]
    apart = [piece for line in lines for piece in quoted(line)]
    assert merge([text_head("plain"), *apart]) == merge(text_part("plain", "".join(lines)))


@pytest.mark.parametrize("blank", [" ", "\t"])
@pytest.mark.parametrize("width", range(70, 80))
def test_a_blank_at_the_end_of_a_line_stays_within_it(width: int, blank: str) -> None:
    text = f"{'x' * width}{blank}\n{'é' * (width // 6)}{'y' * (width % 6)}{blank}\nz\n"
    body = b"".join(piece for piece in quoted(text) if isinstance(piece, bytes))
    assert max(map(len, body.split(b"\r\n"))) <= 76
    assert quopri.decodestring(body).decode().replace("\r\n", "\n") == text


def test_merge_joins_neighbours() -> None:
    assert merge([b"a", b"b", LEAVE, b"c", b"d"]) == [b"ab", LEAVE, b"cd"]


@given(
    st.text(alphabet=st.characters(codec="utf-8", exclude_categories=["Cc"]), max_size=200),
    st.text("x=é .", max_size=90),
)
def test_quoted_printable_round_trip(before: str, after: str) -> None:
    pieces = text_part("plain", f"{before}\n{after}{LEAVE.mark}{before}")
    token = b"t" * 75
    whole = b"".join(token if isinstance(piece, Slot) else piece for piece in pieces)
    body = whole.partition(b"\r\n\r\n")[2]
    assert max(map(len, body.split(b"\r\n"))) <= 76
    assert body.count(b"\n") == body.count(b"\r\n")
    assert quopri.decodestring(body).decode() == f"{before}\r\n{after}{token.decode()}{before}"


@pytest.mark.parametrize("size", [0, 1, 56, 57, 58, 1000])
def test_files_are_base64_in_short_lines(size: int) -> None:
    head, data = file_part("application/pdf", "a.pdf", b"x" * size)
    assert isinstance(head, bytes) and isinstance(data, bytes)
    assert max(map(len, data.split(b"\r\n"))) <= 76
    assert b'Content-Disposition: attachment;\r\n filename="a.pdf"\r\n' in head


def test_multipart_frames_its_parts() -> None:
    pieces = multipart("mixed", "=_b", [[b"A: 1\r\n\r\nx"], [b"B: 2\r\n\r\n", LEAVE]])
    assert merge(pieces) == [
        b'Content-Type: multipart/mixed;\r\n boundary="=_b"\r\n\r\n--=_b\r\nA: 1\r\n\r\nx\r\n--=_b\r\nB: 2\r\n\r\n',
        LEAVE,
        b"\r\n--=_b--\r\n",
    ]
