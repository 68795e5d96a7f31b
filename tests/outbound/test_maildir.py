"""outbound/maildir.py."""

from __future__ import annotations

import asyncio
import mailbox
import os
import time
from dataclasses import replace
from pathlib import Path

import pytest

from gateway.core.delivery import DeliveryState, Outcome
from gateway.core.errors import ConfigurationError
from outbound.maildir import MaildirRelay, make_name
from tests.outbound.conftest import MakeMail

DATA = b"Message-ID: <1@gateway.test>\r\nSubject: caf\xc3\xa9\r\n\r\n.dot\r\nwords\r\n"


async def test_mails_are_read_by_a_maildir_reader(make_mail: MakeMail, tmp_path: Path) -> None:
    courier = MaildirRelay(tmp_path / "var" / "outbox")
    outcomes: list[Outcome] = []
    await courier.send([make_mail(i, data=DATA) for i in range(60)], outcomes.extend)
    await courier.close()
    assert sorted(o.delivery_id for o in outcomes) == list(range(60))
    assert {o.state for o in outcomes} == {DeliveryState.DELIVERED}
    box = mailbox.Maildir(tmp_path / "var" / "outbox", create=False)
    assert sorted(mail["Delivered-To"] for mail in box) == sorted(f"m{i}@example.test" for i in range(60))
    assert list((tmp_path / "var" / "outbox" / "tmp").iterdir()) == []


async def test_file_has_the_envelope_first_and_unix_line_ends(make_mail: MakeMail, tmp_path: Path) -> None:
    courier = MaildirRelay(tmp_path)
    await courier.send([make_mail(1, data=DATA, sender="")], lambda outcomes: None)
    await courier.close()
    (file,) = (tmp_path / "new").iterdir()
    assert file.read_bytes() == b"Return-Path: <>\nDelivered-To: m1@example.test\n" + DATA.replace(b"\r\n", b"\n")


async def test_a_second_attempt_replaces_the_first(make_mail: MakeMail, tmp_path: Path) -> None:
    courier = MaildirRelay(tmp_path)
    mail = make_mail(1, data=DATA)
    await courier.send([mail], lambda outcomes: None)
    await courier.send([replace(mail, attempts=2, data=DATA + b"more\r\n")], lambda outcomes: None)
    await courier.close()
    (file,) = (tmp_path / "new").iterdir()
    assert file.read_bytes().endswith(b"more\n")


def test_names_differ_where_deliveries_do(make_mail: MakeMail) -> None:
    mail = make_mail(1, data=DATA)
    others = [
        replace(mail, delivery_id=2),
        replace(mail, reverse_path="bounce+x@gateway.test"),
        replace(mail, forward_path="x@example.test"),
        replace(mail, data=DATA.replace(b"<1@", b"<2@")),
    ]
    assert len({make_name(m) for m in [mail, *others]}) == 5
    assert make_name(replace(mail, data=b"X: y\r\n" + DATA + b"Message-ID: <9@x>\r\n", attempts=3)) == make_name(mail)
    assert not set(make_name(mail)) & set(":/")


@pytest.mark.parametrize("path", ["a@b\r\nX-Evil: y", "a@b>"])
async def test_path_cannot_add_a_field(make_mail: MakeMail, tmp_path: Path, path: str) -> None:
    courier = MaildirRelay(tmp_path)
    outcomes: list[Outcome] = []
    await courier.send([make_mail(1, to=path), make_mail(2, sender=path)], outcomes.extend)
    await courier.close()
    assert [o.state for o in outcomes] == [DeliveryState.FAILED] * 2
    assert list((tmp_path / "new").iterdir()) == []


async def test_expired_lease_is_not_written(make_mail: MakeMail, tmp_path: Path) -> None:
    courier = MaildirRelay(tmp_path)
    outcomes: list[Outcome] = []
    await courier.send([make_mail(1, lease_s=-1)], outcomes.extend)
    await courier.close()
    assert (outcomes[0].state, outcomes[0].detail) == (DeliveryState.DEFERRED, "lease expired")


@pytest.mark.parametrize("gone", ["tmp", "new"])
async def test_folder_that_is_gone_defers(make_mail: MakeMail, tmp_path: Path, gone: str) -> None:
    courier = MaildirRelay(tmp_path)
    (tmp_path / gone).rmdir()
    outcomes: list[Outcome] = []
    await courier.send([make_mail(1), make_mail(2)], outcomes.extend)
    await courier.close()
    assert [o.state for o in outcomes] == [DeliveryState.DEFERRED] * 2
    assert outcomes[0].detail == "cannot write to the outbox: no such file or directory"
    assert gone == "tmp" or list((tmp_path / "tmp").iterdir()) == []


async def test_disk_that_cannot_sync_defers(
    make_mail: MakeMail, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(descriptor: int) -> None:
        raise OSError(5, "Input/output error")

    courier = MaildirRelay(tmp_path)
    monkeypatch.setattr(os, "fsync", fail)
    outcomes: list[Outcome] = []
    await courier.send([make_mail(1)], outcomes.extend)
    await courier.close()
    assert outcomes[0].state is DeliveryState.DEFERRED
    assert list((tmp_path / "new").iterdir()) == []


async def test_cancelled_send_reports_what_it_owes(make_mail: MakeMail, tmp_path: Path) -> None:
    courier = MaildirRelay(tmp_path)
    outcomes: list[Outcome] = []
    sending = asyncio.create_task(courier.send([make_mail(i) for i in range(500)], outcomes.extend))
    await asyncio.sleep(0)
    sending.cancel()
    with pytest.raises(asyncio.CancelledError):
        await sending
    await courier.close()
    assert sorted(o.delivery_id for o in outcomes) == list(range(500))


async def test_closed_courier_defers(make_mail: MakeMail, tmp_path: Path) -> None:
    courier = MaildirRelay(tmp_path)
    await courier.close()
    outcomes: list[Outcome] = []
    await courier.send([make_mail(1)], outcomes.extend)
    assert outcomes[0].state is DeliveryState.DEFERRED
    assert courier.resting_s == 0


async def test_old_drafts_are_swept(tmp_path: Path) -> None:
    await MaildirRelay(tmp_path).close()
    old, young = tmp_path / "tmp" / "old", tmp_path / "tmp" / "young"
    old.touch()
    young.touch()
    os.utime(old, (time.time() - 37 * 3600,) * 2)
    await MaildirRelay(tmp_path).close()
    assert (old.exists(), young.exists()) == (False, True)


def test_folder_that_cannot_be_made_is_a_configuration_error(tmp_path: Path) -> None:
    (tmp_path / "outbox").write_text("a file")
    with pytest.raises(ConfigurationError, match=r"relay\.host"):
        MaildirRelay(tmp_path / "outbox")
