"""Archives on disk: where each mail is, when it was written, in which order they come."""

from __future__ import annotations

import gzip
from datetime import UTC, datetime
from pathlib import Path

import pytest

from gateway.mailboxes import Archive, Head, glance

NOW = datetime(2026, 11, 20, tzinfo=UTC)
_MAIL = "Message-ID: <{id}@x>\nDate: {date}\nFrom: a@b.example\n{more}Subject: {id}\n\nWords of {id}\n"


def mail(name: str, date: str, more: str = "") -> str:
    return _MAIL.format(id=name, date=date, more=more)


def mbox(*mails: str, line: str = "From a@b.example Mon Feb  3 10:00:00 2020") -> bytes:
    return "".join(f"{line}\n{mail}\n" for mail in mails).encode()


def subjects(path: Path) -> list[str]:
    with Archive(path, until=NOW) as archive:
        order = archive.index(lambda _head: None, lambda _octets: None)
        raws = [archive.read(number) for number in order]
    return [raw.partition(b"Subject: ")[2].partition(b"\n")[0].decode() for raw in raws]


def test_mails_come_by_date_and_answers_behind_what_they_answer(tmp_path: Path) -> None:
    path = tmp_path / "list.mbox"
    path.write_bytes(
        mbox(
            mail("answer-to-answer", "Mon, 3 Feb 2020 09:00:00 +0000", "In-Reply-To: <answer@x>\n"),
            mail("last", "Fri, 7 Feb 2020 10:00:00 +0000"),
            # Their clocks were behind that of the one they answer.
            mail("answer", "Mon, 3 Feb 2020 08:00:00 +0000", "References: <gone@x> <first@x>\n"),
            mail("first", "Mon, 3 Feb 2020 12:00:00 +0000"),
            mail("second", "Mon, 3 Feb 2020 12:00:30 +0000"),
            mail("ring-1", "Tue, 4 Feb 2020 12:00:00 +0000", "In-Reply-To: <ring-2@x>\n"),
            mail("ring-2", "Tue, 4 Feb 2020 12:00:00 +0000", "In-Reply-To: <ring-1@x>\n"),
        )
    )
    order = subjects(path)
    assert sorted(order[-3:-1]) == ["ring-1", "ring-2"]
    assert [name for name in order if "ring" not in name] == ["first", "answer", "answer-to-answer", "second", "last"]


def test_the_same_mail_twice_is_one(tmp_path: Path) -> None:
    path = tmp_path / "list.mbox"
    path.write_bytes(mbox(mail("one", "Mon, 3 Feb 2020 10:00:00 +0000")) * 2)
    with Archive(path, until=NOW) as archive:
        assert len(archive.index(lambda _head: None, lambda _octets: None)) == 1
        assert (archive.counted.mails, archive.counted.twice) == (2, 1)


def test_from_in_a_text_is_no_mail_and_quoted_marks_go(tmp_path: Path) -> None:
    path = tmp_path / "list.mbox"
    body = "Words\n\nFrom what I hear, beans\n\n>From here on\n>>From there\n"
    path.write_bytes(mbox(f"Subject: one\n\n{body}", "Subject: two\n\nWords\n"))
    with Archive(path, until=NOW) as archive:
        first, second = archive.index(lambda _head: None, lambda _octets: None)
        assert archive.read(first).rstrip() == (
            b"Subject: one\n\nWords\n\nFrom what I hear, beans\n\nFrom here on\n>From there"
        )
        assert archive.name(second).startswith("list.mbox:")
        assert archive.counted.undated == 0


@pytest.mark.parametrize(
    "line",
    [
        "From ann at people.example  Mon Feb  3 10:00:00 2020",
        "From 1657@xxx Mon Feb 03 10:00:00 +0000 2020",
        "From MAILER-DAEMON Mon Feb  3 10:00:00 2020",
    ],
)
def test_the_line_before_a_mail_dates_what_has_no_date(tmp_path: Path, line: str) -> None:
    path = tmp_path / "2020-February.txt.gz"
    path.write_bytes(gzip.compress(mbox("Subject: one\n\nWords\n", "Subject: two\nDate: soon\n\nWords\n", line=line)))
    with Archive(path, until=NOW) as archive:
        order = archive.index(lambda _head: None, lambda _octets: None)
        assert [archive.written_at(number) for number in order] == [datetime(2020, 2, 3, 10, tzinfo=UTC)] * 2


def test_a_maildir_and_a_folder_of_files_are_read_whole(tmp_path: Path) -> None:
    for folder in ("cur", "new", "tmp"):
        (tmp_path / folder).mkdir()
    (tmp_path / "cur" / "1.host:2,S").write_text(mail("one", "Mon, 3 Feb 2020 10:00:00 +0000"))
    (tmp_path / "new" / "2.host").write_text(mail("two", "Mon, 3 Feb 2020 11:00:00 +0000"))
    (tmp_path / "tmp" / "3.host").write_text("half a ma")
    (tmp_path / "dovecot-uidlist").write_bytes(b"")
    (tmp_path / ".index").write_text("no mail")
    (tmp_path / "older.mbox").write_bytes(mbox(mail("zero", "Sun, 2 Feb 2020 10:00:00 +0000")))
    assert subjects(tmp_path) == ["zero", "one", "two"]


@pytest.mark.parametrize(
    ("fields", "date"),
    [
        (b"Date: Mon, 3 Feb 2020 10:00:00 -0500", datetime(2020, 2, 3, 15, tzinfo=UTC)),
        (b"Date: Mon, 3 Feb 2020 10:00:00", datetime(2020, 2, 3, 10, tzinfo=UTC)),
        # A clock that was never set, or one of the next century; what the last server noted is better.
        (
            b"Received: by x; Tue, 4 Feb 2020 10:00:00 +0000\r\nDate: Thu, 1 Jan 1970 00:00:09 +0000",
            datetime(2020, 2, 4, 10, tzinfo=UTC),
        ),
        (b"Date: Mon, 3 Feb 2120 10:00:00 +0000", None),
        # A few hours ahead: posted at the latest now.
        (b"Date: Fri, 20 Nov 2026 09:00:00 +0000", NOW),
        (b"Date: yesterday", None),
        (b"Subject: none", None),
    ],
)
def test_a_date_is_one_that_a_mail_can_have(fields: bytes, date: datetime | None) -> None:
    assert glance(fields + b"\r\n\r\nDate: Mon, 3 Feb 2020 10:00:00 +0000", NOW).date == date


def test_the_head_names_what_is_answered_latest_first() -> None:
    head = glance(b"References: <1@x>\n <2@x>\nIn-reply-to: <2@x>\nMessage-Id:\n <3@x>\nFrom: a\n\n", NOW)
    assert head == Head(b"<3@x>", (b"<2@x>", b"<1@x>"), b"a", None)
