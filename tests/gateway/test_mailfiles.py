"""Files of mails: eml and mbox."""

from __future__ import annotations

from io import BytesIO

import pytest

from gateway.mailfiles import FiledMail, read_mails, return_path


def mails(content: bytes) -> list[FiledMail]:
    return list(read_mails(BytesIO(content)))


def test_one_mail_is_taken_as_it_is() -> None:
    content = b"Subject: x\r\n\r\n>From the start\r\n\r\nFrom here on\r\n\r\n"
    assert mails(content) == [FiledMail(content, "")]
    assert mails(b"") == [FiledMail(b"", "")]


def test_an_mbox_is_split_where_a_mail_begins_and_nowhere_else() -> None:
    found = mails(
        b"From ann@x.example Mon Nov  2 10:00:00 2026\n"
        b"Subject: one\n\nWords\nFrom nobody\n>From somebody\n>>From them\n> From us\n\n"
        b"From MAILER-DAEMON Mon Nov  2 10:00:00 2026\n"
        b"Subject: two\n\nlast line without an end"
    )
    assert found == [
        FiledMail(b"Subject: one\n\nWords\nFrom nobody\nFrom somebody\n>From them\n> From us\n", "ann@x.example"),
        FiledMail(b"Subject: two\n\nlast line without an end", ""),
    ]


@pytest.mark.parametrize(
    ("header", "path"),
    [
        (b"Return-Path: <ann@x.example>\n", "ann@x.example"),
        (b"Subject: x\r\nRETURN-PATH:<>\r\n", ""),
        (b"Subject: x\n\nReturn-Path: <of@the.body>\n", None),
        (b"", None),
    ],
)
def test_the_return_path_is_a_field_of_the_header(header: bytes, path: str | None) -> None:
    assert return_path(header + b"\nBody\n") == path
