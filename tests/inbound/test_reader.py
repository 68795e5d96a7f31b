"""The reader process: what kills it is named, and everything else is still read."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from gateway.core.message import NOTHING_KNOWN, Arrival, Mail
from inbound import reader as module
from inbound.authenticity import Border
from inbound.case import ReadMail
from inbound.job import ReaderSetup
from inbound.reader import Reader, Unread
from store import arrivals
from store.blobs import DiskBlobs
from tests.inbound.post_office import mail
from tests.network import DOMAIN, envelope

# What the child runs here: the real program, in which some words do something else.
_PROGRAM = """
import os, signal, sys, time
from inbound import reading_process
read = reading_process.read

class Trap:
    def __reduce__(self):
        return int, ("no number",)

reading_process.CPU_S = 0.3
def sabotage(job, setup, blobs, ask):
    raw = job.raw or b""
    if b"DIE" in raw:
        os._exit(3)
    if b"SLEEP" in raw:
        time.sleep(60)
    if b"SPIN" in raw:
        reading_process.reading.read = lambda *_: [0 for _ in iter(int, 1)]
    if b"HOG" in raw:
        reading_process.reading.read = lambda *_: bytearray(2 << 30)
    if b"TRAP" in raw:
        return Trap()
    if b"SLOW" in raw:
        time.sleep(0.4)
    if b"BUG" in raw:
        reading_process.reading.read = lambda *_: {}["no such key"]
    return read(job, setup, blobs, ask)
reading_process.read = sabotage
reading_process.main()
"""


@pytest.fixture
def blobs(tmp_path: Path) -> DiskBlobs:
    return DiskBlobs(tmp_path / "blobs")


@pytest.fixture
def setup(blobs: DiskBlobs) -> ReaderSetup:
    return ReaderSetup(str(blobs.folder), "", DOMAIN, Border("mx.people.example", ("dmarc",)))


@pytest.fixture
def reader(setup: ReaderSetup) -> Iterator[Reader]:
    made = Reader(setup)
    yield made
    made.close()


@pytest.fixture
def sabotaged(reader: Reader, monkeypatch: pytest.MonkeyPatch) -> Reader:
    monkeypatch.setattr(module, "_PROGRAM", _PROGRAM)
    return reader


def claimed(number: int, raw: bytes | None, blob: str = "") -> Mail:
    paths = envelope("projets")
    return Mail(number, paths, len(raw or b""), blob, raw, (Arrival(number, paths.forward_paths[0]),), 1, 0)


def read(reader: Reader, mails: list[Mail]) -> list[ReadMail | Unread]:
    return reader.read([(mail, NOTHING_KNOWN) for mail in mails])


def batch(*texts: str) -> list[Mail]:
    return [claimed(n, mail(text=text)) for n, text in enumerate(texts)]


def shown(answers: list[ReadMail | Unread]) -> list[str]:
    return [a.trouble if isinstance(a, Unread) else a.reading.body.text for a in answers]


def test_a_batch_is_read_in_order(reader: Reader) -> None:
    answers = read(reader, batch("one", "two", "three"))
    assert shown(answers) == ["one", "two", "three"]
    assert [a.mail.id for a in answers] == [0, 1, 2]
    assert all(isinstance(a, ReadMail) and a.proof.how == "dmarc" for a in answers)


def test_one_child_reads_many_batches(reader: Reader) -> None:
    reader.start()
    child = reader._child
    for _ in range(3):
        read(reader, batch("words"))
    assert reader._child is child
    assert read(reader, []) == []


def test_a_large_mail_is_read_from_its_blob(reader: Reader, blobs: DiskBlobs) -> None:
    sha256 = blobs.put(mail(text="from the blob"))
    assert shown(read(reader, [claimed(1, None, sha256)])) == ["from the blob"]


def test_a_blob_that_is_missing_is_for_good(reader: Reader) -> None:
    [answer] = read(reader, [claimed(1, None, "0" * 64)])
    assert isinstance(answer, Unread)
    assert "missing" in answer.trouble and not answer.temporary


def test_attachments_are_blobs_before_anybody_hears_of_them(reader: Reader, blobs: DiskBlobs) -> None:
    raw = (
        b"From: ann@people.example\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n"
        b"--b\r\n\r\nwords\r\n--b\r\nContent-Type: application/pdf\r\n"
        b"Content-Disposition: attachment; filename=a.pdf\r\n"
        b"Content-Transfer-Encoding: base64\r\n\r\nJVBERg==\r\n--b--\r\n"
    )
    [answer] = read(reader, [claimed(1, raw)])
    assert isinstance(answer, ReadMail)
    [file] = answer.reading.parsed.attachments
    assert (file.name, file.size, file.content) == ("a.pdf", 4, None)
    assert blobs.read(file.sha256) == b"%PDF"


@pytest.mark.parametrize(
    ("word", "trouble"),
    [
        ("DIE", "the reader ended with 3"),
        ("SPIN", "the reader used more CPU than one mail may have"),
        ("SLEEP", "the reader took too long"),
        ("HOG", "needs more memory than one mail may have"),
        ("BUG", "KeyError: 'no such key'"),
    ],
)
def test_what_cannot_be_read_is_named_and_the_next_is_read(
    sabotaged: Reader, monkeypatch: pytest.MonkeyPatch, word: str, trouble: str
) -> None:
    if word == "SLEEP":
        monkeypatch.setattr(module, "WALL_S", 1.0)
    first, culprit = read(sabotaged, batch("one", f"{word} here"))
    assert isinstance(first, ReadMail)
    assert isinstance(culprit, Unread)
    assert (culprit.mail.id, culprit.trouble, culprit.temporary) == (1, trouble, False)
    if word in ("DIE", "SPIN", "SLEEP"):
        # The child is another now.
        assert shown(read(sabotaged, batch("next"))) == ["next"]


def test_an_answer_that_cannot_be_read_costs_one_mail_and_mixes_up_none(sabotaged: Reader) -> None:
    answers = read(sabotaged, batch("one", "TRAP", "three", "four"))
    assert shown(answers) == ["one", "the reader gave an answer that is none: ValueError", "three", "four"]
    assert [a.mail.id for a in answers] == [0, 1, 2, 3]
    assert shown(read(sabotaged, batch("next"))) == ["next"]


def test_an_answer_about_another_mail_is_not_taken(reader: Reader, monkeypatch: pytest.MonkeyPatch) -> None:
    said_twice = _PROGRAM.replace("return read(job, setup, blobs)", "return said(job, setup, blobs)").replace(
        "reading_process.main()",
        """
from multiprocessing.connection import Connection
send = Connection.send
def twice(pipe, answer):
    send(pipe, answer)
    if b"TWICE" in str(answer).encode():
        send(pipe, answer)
Connection.send = twice
said = read
reading_process.main()
""",
    )
    monkeypatch.setattr(module, "_PROGRAM", said_twice)
    answers = read(reader, batch("TWICE", "two", "three"))
    assert shown(answers) == ["TWICE", "the reader gave an answer that is none: _OutOfStepError", "three"]


def test_a_batch_that_takes_long_is_left_for_the_next(sabotaged: Reader, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "ENOUGH_S", 0.2)
    for first, said in (("SLOW", "SLOW"), ("DIE SLOW", "the reader ended with 3")):
        sabotaged.start()
        monkeypatch.setattr(module, "ENOUGH_S", 0.2 if first == "SLOW" else 0.0)
        answers = read(sabotaged, batch(first, "two", "three"))
        assert shown(answers) == [said, *["the mails before it took long"] * 2]
        assert [isinstance(a, Unread) and a.temporary for a in answers] == [False, True, True]
    assert shown(read(sabotaged, batch("next"))) == ["next"]


def test_the_rest_of_the_batch_is_read_after_a_death(sabotaged: Reader) -> None:
    answers = read(sabotaged, batch("one", "DIE", "three", "DIE", "five"))
    dead = "the reader ended with 3"
    assert shown(answers) == ["one", dead, "three", dead, "five"]


def test_a_child_that_was_killed_between_two_batches_is_no_mails_fault(reader: Reader) -> None:
    read(reader, batch("one"))
    assert reader._child
    os.kill(reader._child.pid, signal.SIGKILL)
    reader._child.wait()
    answers = read(reader, batch("two"))
    assert all(isinstance(a, Unread) and a.temporary for a in answers)
    assert shown(read(reader, batch("three"))) == ["three"]


def test_a_child_that_never_comes_up_is_no_mails_fault(reader: Reader, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_PROGRAM", "import sys; sys.exit(9)")
    answers = read(reader, batch("one", "two"))
    assert shown(answers) == ["the reader ended with 9 before it read anything"] * 2
    assert all(isinstance(a, Unread) and a.temporary for a in answers)


def test_a_child_that_takes_no_jobs_is_ended_and_no_mail_is_to_blame(
    reader: Reader, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "TALK_S", 0.3)
    deaf = (
        _PROGRAM.replace("reading_process.main()", "")
        + """
from multiprocessing.connection import Connection
pipe = Connection(int(sys.argv[1]))
pipe.recv()
pipe.send("ready")
time.sleep(600)
"""
    )
    with monkeypatch.context() as patch:
        patch.setattr(module, "_PROGRAM", deaf)
        reader.start()
    child = reader._child
    answers = read(reader, batch("x" * 2_000_000, "two"))
    assert shown(answers) == ["the reader took too long before it read anything"] * 2
    assert all(isinstance(a, Unread) and a.temporary for a in answers)
    assert child and child.returncode == -signal.SIGKILL
    assert shown(read(reader, batch("next"))) == ["next"]


def test_a_child_that_stops_in_the_middle_of_an_answer_costs_that_mail(
    reader: Reader, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "TALK_S", 0.3)
    halting = _PROGRAM.replace(
        """    if b"TRAP" in raw:
        return Trap()
""",
        """    if b"HALF" in raw:
        os.write(int(sys.argv[1]), (1000).to_bytes(4, "big") + b"half")
        time.sleep(600)
""",
    )
    monkeypatch.setattr(module, "_PROGRAM", halting)
    answers = read(reader, batch("one", "HALF", "three"))
    assert shown(answers) == ["one", "the reader took too long", "three"]
    assert [isinstance(a, Unread) and a.temporary for a in answers] == [False] * 3


def test_a_batch_is_over_before_its_claim_is() -> None:
    # The last mail may begin a moment before it is enough, need a new child first, and use up its time.
    dying = 2 * 2.0
    longest = module.ENOUGH_S + dying + module.START_S + module.TALK_S + module.WALL_S + module.TALK_S + dying
    assert longest < arrivals.LEASE.total_seconds()


def test_a_child_is_retired_in_time(reader: Reader, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_RETIRE_AFTER", 2)
    read(reader, batch("one", "two"))
    first = reader._child
    read(reader, batch("three"))
    assert reader._child is None
    read(reader, batch("four"))
    assert reader._child is not first


def test_close_ends_the_child(reader: Reader) -> None:
    read(reader, batch("one"))
    child = reader._child
    reader.close()
    reader.close()
    assert child and child.returncode == 0
