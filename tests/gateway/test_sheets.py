"""Files of rows, as they come."""

from __future__ import annotations

from io import BytesIO

import pytest

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
