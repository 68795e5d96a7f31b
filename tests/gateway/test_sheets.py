"""Files of rows, as they come."""

from __future__ import annotations

from io import BytesIO

import pytest

from gateway.commands import sheets
from gateway.commands.sheets import SheetError, SheetRow, read_rows

COLUMNS = ("email", "name")


def rows(content: bytes) -> list[SheetRow]:
    return list(read_rows(BytesIO(content), COLUMNS, ("email",)))


def test_lines_are_counted_as_an_editor_counts_them() -> None:
    content = b'email,name\n\na,"two\nlines"\n"b",B\n,\nc,C'
    assert rows(content) == [
        SheetRow(3, {"email": "a", "name": "two\nlines"}),
        SheetRow(5, {"email": "b", "name": "B"}),
        SheetRow(7, {"email": "c", "name": "C"}),
    ]


def test_an_open_quotation_mark_costs_one_row() -> None:
    found = rows(b'email,name\na,"A\nb,B\nc,"C\nd,D\n')
    assert [(row.line, bool(row.error)) for row in found] == [(2, True), (3, False), (4, True), (5, False)]


def test_a_wrong_row_costs_one_row() -> None:
    found = rows(b"email,name\na,A,A\nb\nc,\xff\nd,\x00\n")
    assert [row.line for row in found if row.error] == [2, 3, 4]
    assert found[-1] == SheetRow(5, {"email": "d", "name": "\x00"})


def test_the_separator_is_the_one_of_the_header_row() -> None:
    assert rows(b'name;email\n"x, y";a\n') == [SheetRow(2, {"name": "x, y", "email": "a"})]
    assert rows(b"email\na\n") == [SheetRow(2, {"email": "a"})]


@pytest.mark.parametrize("content", [b"", b"\n", b"a,b\n", b"email\tname\n", b"email,email\n", b"email,name,\n"])
def test_a_file_of_something_else_is_no_sheet(content: bytes) -> None:
    with pytest.raises(SheetError):
        rows(content)


def test_lines_end_as_any_machine_writes_them() -> None:
    for end in (b"\n", b"\r\n", b"\r"):
        found = rows(end.join([b"email,name", b"a,A", b'b,"two', b'lines"', b"c,C", b""]))
        assert [(row.line, row.values["email"], row.error) for row in found] == [
            (2, "a", ""),
            (3, "b", ""),
            (5, "c", ""),
        ]


@pytest.mark.parametrize("end", [b"\n", b"\r\n", b"\r"])
def test_where_a_chunk_ends_is_no_matter(monkeypatch: pytest.MonkeyPatch, end: bytes) -> None:
    content = end.join([b"email,name", b"aa,A", b"bbb,BB", b"c,C", b"dddd,"])
    whole = rows(content)
    assert [row.line for row in whole] == [2, 3, 4, 5]
    for longest in range(11, 30):
        monkeypatch.setattr(sheets, "_LONGEST", longest)
        assert rows(content) == whole, longest


def test_what_no_spreadsheet_writes_is_refused_in_words() -> None:
    with pytest.raises(SheetError, match="line 1: cannot be read: field larger"):
        rows(b"email," + b"x" * 200_000 + b"\na,A\n")
    with pytest.raises(SheetError, match="line 1: longer than"):
        rows(b"email" + b" " * 3_000_000 + b",name\n")
    with pytest.raises(SheetError, match="line 3: longer than"):
        rows(b"email,name\na,A\nb," + b"x" * 3_000_000)
    with pytest.raises(SheetError) as caught:
        rows(b"x," * 50_000 + b"\n")
    assert len(str(caught.value)) < 500
    found = rows(b"email,name\na," + b"x" * 200_000 + b"\nb,B\n")
    assert [(row.line, bool(row.error)) for row in found] == [(2, True), (3, False)]
