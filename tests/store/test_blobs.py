"""Blobs: complete or absent, on disk and in S3-compatible storage alike."""

from __future__ import annotations

import hashlib
import os
import socket
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path

import boto3
import obstore
import pytest
from moto.server import ThreadedMotoServer

from gateway.core.errors import ConfigurationError, StoreError
from store import blobs as module
from store import disk_blobs
from store.blobs import Blobs, DiskBlobs, S3Blobs, open_blobs

WORDS = b"words of a mail\r\n" * 1000
NAME = hashlib.sha256(WORDS).hexdigest()


@pytest.fixture(scope="module")
def s3_server() -> Iterator[str]:
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture
def s3(s3_server: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The endpoint of an empty storage with the bucket `mails`; uploads pass through tmp_path."""
    for name, value in (("ACCESS_KEY_ID", "one"), ("SECRET_ACCESS_KEY", "two"), ("DEFAULT_REGION", "us-east-1")):
        monkeypatch.setenv(f"AWS_{name}", value)
    monkeypatch.setattr(tempfile, "gettempdir", lambda: str(tmp_path))
    client = boto3.client("s3", endpoint_url=s3_server)
    client.create_bucket(Bucket="mails")
    yield s3_server
    for item in client.list_objects_v2(Bucket="mails").get("Contents", []):
        client.delete_object(Bucket="mails", Key=item["Key"])
    client.delete_bucket(Bucket="mails")
    client.close()


@pytest.fixture(params=["disk", "s3"])
def blobs(request: pytest.FixtureRequest, tmp_path: Path) -> Blobs:
    if request.param == "disk":
        return open_blobs(str(tmp_path / "blobs"))
    return open_blobs("s3://mails/some/prefix", endpoint=request.getfixturevalue("s3"))


def leftovers(tmp_path: Path) -> list[Path]:
    return list(tmp_path.rglob("incoming-*"))


class TestBlobs:
    """What holds wherever they live."""

    def test_what_was_put_is_read(self, blobs: Blobs) -> None:
        assert not blobs.exists(NAME)
        assert blobs.put(WORDS) == NAME
        assert blobs.put(WORDS) == NAME
        assert blobs.exists(NAME)
        assert blobs.read(NAME) == WORDS

    def test_an_empty_blob_is_a_blob(self, blobs: Blobs) -> None:
        assert blobs.read(blobs.put(b"")) == b""

    def test_a_writer_is_a_blob_when_it_is_committed(self, blobs: Blobs, tmp_path: Path) -> None:
        writer = blobs.writer()
        for start in range(0, len(WORDS), 999):
            writer.write(WORDS[start : start + 999])
        assert writer.size == len(WORDS)
        assert not blobs.exists(NAME)
        assert blobs.commit(writer) == NAME
        assert blobs.read(NAME) == WORDS
        # Harmless after the commit.
        writer.discard()
        assert blobs.exists(NAME)
        assert leftovers(tmp_path) == []

    def test_a_discarded_writer_leaves_nothing(self, blobs: Blobs, tmp_path: Path) -> None:
        writer = blobs.writer()
        writer.write(WORDS)
        assert len(leftovers(tmp_path)) == 1
        writer.discard()
        writer.discard()
        assert leftovers(tmp_path) == []
        assert not blobs.exists(NAME)

    def test_a_missing_blob_is_missing_for_good(self, blobs: Blobs) -> None:
        with pytest.raises(StoreError, match="missing") as caught:
            blobs.read(NAME)
        assert not caught.value.temporary

    def test_a_fresh_blob_is_not_deleted(self, blobs: Blobs) -> None:
        blobs.put(WORDS)
        blobs.delete(NAME)
        assert blobs.exists(NAME)
        blobs.delete("0" * 64)

    def test_only_what_was_put_long_ago_is_idle(
        self, blobs: Blobs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        old = {blobs.put(b"mail %d" % number) for number in range(12)}
        writer = blobs.writer()
        assert list(blobs.idle()) == []
        age(blobs, tmp_path, monkeypatch, hours=35)
        assert list(blobs.idle()) == []
        age(blobs, tmp_path, monkeypatch, hours=37)
        assert sorted(blobs.idle()) == sorted(old)
        writer.discard()

    def test_idle_blobs_may_be_deleted_as_they_are_found(
        self, blobs: Blobs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        for number in range(12):
            blobs.put(b"mail %d" % number)
        age(blobs, tmp_path, monkeypatch, hours=37)
        for name in blobs.idle():
            blobs.delete(name)
        assert list(blobs.idle()) == []

    def test_a_leftover_of_a_dead_writer_is_swept(self, blobs: Blobs, tmp_path: Path) -> None:
        writer = blobs.writer()
        dead = leftovers(tmp_path)[0]
        assert blobs.sweep() == 0
        long_ago = time.time() - 37 * 3600
        os.utime(dead, (long_ago, long_ago))
        assert blobs.sweep() == 1
        assert leftovers(tmp_path) == []
        writer.discard()


class TestDiskBlobs:
    """The steps of a commit on disk, and what each leaves when it is the last."""

    @pytest.fixture
    def disk(self, tmp_path: Path) -> DiskBlobs:
        return DiskBlobs(tmp_path / "blobs")

    def test_the_order_is_fsync_rename_fsync(self, disk: DiskBlobs, monkeypatch: pytest.MonkeyPatch) -> None:
        done: list[str] = []
        fsync, replace = os.fsync, Path.replace

        def see_fsync(handle: int) -> None:
            done.append(f"fsync {Path(f'/proc/self/fd/{handle}').resolve().relative_to(disk.folder)}")
            fsync(handle)

        def see_replace(path: Path, target: Path) -> Path:
            done.append(f"rename to {target.relative_to(disk.folder)}")
            return replace(path, target)

        monkeypatch.setattr(os, "fsync", see_fsync)
        monkeypatch.setattr(Path, "replace", see_replace)
        disk.put(WORDS)
        one, two = NAME[:2], f"{NAME[:2]}/{NAME[2:4]}"
        assert done[0].startswith("fsync incoming/incoming-")
        # The new directories are on the disk before the name that stands in them.
        assert done[1:] == [f"fsync {one}", "fsync .", f"rename to {two}/{NAME}", f"fsync {two}"]

    def test_what_another_process_has_just_renamed_is_fsynced_too(
        self, disk: DiskBlobs, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        name = disk.put(WORDS)
        done: list[str] = []
        fsync = os.fsync

        def see_fsync(handle: int) -> None:
            done.append(str(Path(f"/proc/self/fd/{handle}").resolve().relative_to(disk.folder)))
            fsync(handle)

        monkeypatch.setattr(os, "fsync", see_fsync)
        assert disk.put(WORDS) == name
        assert done == [f"{name[:2]}/{name[2:4]}"]

    @pytest.mark.parametrize(("step", "target"), [("fsync", os), ("replace", Path), ("_fsync_directory", disk_blobs)])
    def test_a_disk_that_refuses_a_step_stores_nothing(
        self, disk: DiskBlobs, monkeypatch: pytest.MonkeyPatch, step: str, target: object
    ) -> None:
        def refuse(*_: object) -> None:
            raise OSError(28, "No space left on device")

        with monkeypatch.context() as patch:
            patch.setattr(target, step, refuse)
            with pytest.raises(StoreError, match="No space left") as caught:
                disk.put(WORDS)
        assert caught.value.temporary
        assert list(disk.folder.rglob("incoming-*")) == []
        # The peer comes back, and then all is well.
        assert disk.read(disk.put(WORDS)) == WORDS

    def test_a_disk_that_refuses_to_write_stores_nothing(
        self, disk: DiskBlobs, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def refuse(_writer: object, _data: bytes) -> None:
            raise OSError(28, "No space left on device")

        monkeypatch.setattr(disk_blobs.BlobWriter, "write", refuse)
        with pytest.raises(StoreError, match="No space left"):
            disk.put(WORDS)
        assert list(disk.folder.rglob("incoming-*")) == []

    def test_an_old_blob_is_deleted_and_a_wanted_one_is_not(self, disk: DiskBlobs) -> None:
        disk.put(WORDS)
        path = disk.folder / NAME[:2] / NAME[2:4] / NAME
        long_ago = time.time() - 2 * 3600
        os.utime(path, (long_ago, long_ago))
        # Somebody puts the same bytes again: they are wanted, also where nothing had to be written.
        disk.put(WORDS)
        disk.delete(NAME)
        assert disk.exists(NAME)
        os.utime(path, (long_ago, long_ago))
        disk.delete(NAME)
        assert not disk.exists(NAME)

    @pytest.mark.parametrize("anew", ["put", "commit"])
    def test_put_while_it_is_being_deleted_it_stays(
        self, disk: DiskBlobs, monkeypatch: pytest.MonkeyPatch, anew: str
    ) -> None:
        disk.put(WORDS)
        path = disk.folder / NAME[:2] / NAME[2:4] / NAME
        os.utime(path, (0, 0))
        replace = Path.replace

        def put_again(source: Path, target: Path) -> Path:
            # After the look at its time, before the rename.
            monkeypatch.setattr(Path, "replace", replace)
            if anew == "put":
                disk.put(WORDS)
            else:
                writer = disk.writer()
                writer.write(WORDS)
                disk.commit(writer)
            return replace(source, target)

        monkeypatch.setattr(Path, "replace", put_again)
        disk.delete(NAME)
        assert disk.read(NAME) == WORDS
        assert list(disk.folder.rglob("incoming-*")) == []

    def test_only_blobs_are_idle(self, disk: DiskBlobs) -> None:
        disk.put(WORDS)
        strangers = [disk.folder / "lost+found", disk.folder / NAME[:2] / NAME[2:4] / "notes.txt", disk.folder / NAME]
        for path in strangers:
            path.write_bytes(b"")
        for path in disk.folder.rglob("*"):
            os.utime(path, (0, 0))
        assert list(disk.idle()) == [NAME]

    def test_trouble_with_listing_or_deleting_is_a_store_error(self, disk: DiskBlobs) -> None:
        disk.put(WORDS)
        (disk.folder / NAME[:2]).rename(disk.folder / "elsewhere")
        (disk.folder / NAME[:2]).write_bytes(b"")
        with pytest.raises(StoreError, match="not deleted"):
            disk.delete(NAME)
        disk.folder.rename(disk.folder.with_name("gone"))
        with pytest.raises(StoreError, match="not listed"):
            list(disk.idle())

    def test_a_name_is_a_sha256_and_no_path(self, disk: DiskBlobs) -> None:
        for name in ("", "../../etc/passwd", "A" * 64, "a" * 63, "a" * 62 + "/."):
            with pytest.raises(StoreError, match="not a sha256"):
                disk.read(name)

    def test_a_folder_that_cannot_be_used_is_a_wrong_setting(self, tmp_path: Path) -> None:
        (tmp_path / "file").write_bytes(b"")
        with pytest.raises(ConfigurationError, match=r"store\.blobs"):
            open_blobs(str(tmp_path / "file" / "blobs"))


class TestS3Blobs:
    """What only holds in a bucket."""

    def test_objects_stand_below_the_prefix(self, s3: str) -> None:
        blobs = open_blobs("s3://mails/some/prefix", endpoint=s3)
        blobs.put(WORDS)
        assert [key.rpartition("/")[0] for key in keys(s3)] == [f"some/prefix/{NAME[:2]}/{NAME[2:4]}/{NAME}"]

    def test_a_fresh_copy_is_not_written_again_and_a_new_one_takes_the_place_of_the_old(
        self, s3: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        blobs = S3Blobs("s3://mails", endpoint=s3)
        blobs.put(WORDS)
        (first,) = keys(s3)
        blobs.put(WORDS)
        assert keys(s3) == [first]
        monkeypatch.setattr(module, "datetime", _clock_ahead(minutes=40))
        blobs.put(WORDS)
        (second,) = keys(s3)
        assert second != first
        writer = blobs.writer()
        writer.write(WORDS)
        monkeypatch.setattr(module, "datetime", _clock_ahead(minutes=80))
        blobs.commit(writer)
        (third,) = keys(s3)
        assert third != second and blobs.read(NAME) == WORDS

    @pytest.mark.parametrize("anew", ["put", "commit"])
    def test_put_while_it_is_being_deleted_it_stays(self, s3: str, monkeypatch: pytest.MonkeyPatch, anew: str) -> None:
        blobs = S3Blobs("s3://mails", endpoint=s3)
        blobs.put(WORDS)
        monkeypatch.setattr(module, "datetime", _clock_ahead(hours=2))
        delete = obstore.delete

        def put_again(store: object, path: object) -> None:
            # After the look at its time, before the DELETE.
            monkeypatch.setattr(obstore, "delete", delete)
            if anew == "put":
                blobs.put(WORDS)
            else:
                writer = blobs.writer()
                writer.write(WORDS)
                blobs.commit(writer)
            delete(store, path)  # type: ignore[arg-type]

        monkeypatch.setattr(obstore, "delete", put_again)
        blobs.delete(NAME)
        assert blobs.read(NAME) == WORDS

    def test_put_anew_while_it_is_read_it_is_read(self, s3: str, monkeypatch: pytest.MonkeyPatch) -> None:
        blobs = S3Blobs("s3://mails", endpoint=s3)
        blobs.put(WORDS)
        get = obstore.get

        def replaced(store: object, path: object) -> object:
            monkeypatch.setattr(obstore, "get", get)
            monkeypatch.setattr(module, "datetime", _clock_ahead(hours=2))
            blobs.put(WORDS)
            return get(store, path)  # type: ignore[arg-type]

        monkeypatch.setattr(obstore, "get", replaced)
        assert blobs.read(NAME) == WORDS

    def test_with_one_fresh_copy_it_is_neither_idle_nor_deleted(self, s3: str, monkeypatch: pytest.MonkeyPatch) -> None:
        blobs = S3Blobs("s3://mails", endpoint=s3)
        blobs.put(WORDS)
        monkeypatch.setattr(module, "datetime", _clock_ahead(hours=37))
        assert list(blobs.idle()) == [NAME]
        client = boto3.client("s3", endpoint_url=s3)
        # Keys before and behind the old one, as a put leaves them that was killed before it had taken it away.
        folder = keys(s3)[0].rpartition("/")[0]
        for name in ("0", "z"):
            client.put_object(Bucket="mails", Key=f"{folder}/{name}", Body=WORDS)
        for key in (f"{NAME}", "notes.txt", f"{folder}x/0"):
            client.put_object(Bucket="mails", Key=key, Body=b"")
        client.close()
        monkeypatch.setattr(module, "datetime", datetime)
        assert list(blobs.idle()) == []
        blobs.delete(NAME)
        assert len(keys(s3)) == 6
        monkeypatch.setattr(module, "datetime", _clock_ahead(hours=37))
        assert list(blobs.idle()) == [NAME]
        blobs.delete(NAME)
        assert not blobs.exists(NAME) and len(keys(s3)) == 3

    def test_an_old_object_is_deleted(self, s3: str, monkeypatch: pytest.MonkeyPatch) -> None:
        blobs = S3Blobs("s3://mails", endpoint=s3)
        blobs.put(WORDS)
        later = _clock_ahead(hours=2)
        monkeypatch.setattr(module, "datetime", later)
        blobs.delete(NAME)
        assert not blobs.exists(NAME)

    @pytest.mark.parametrize(
        "act",
        [
            lambda blobs: blobs.put(WORDS),
            lambda blobs: blobs.read(NAME),
            lambda blobs: blobs.exists(NAME),
            lambda blobs: blobs.delete(NAME),
            lambda blobs: blobs.commit(blobs.writer()),
            lambda blobs: list(blobs.idle()),
        ],
        ids=["put", "read", "exists", "delete", "commit", "idle"],
    )
    def test_trouble_is_a_temporary_store_error(
        self, s3: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, act: Callable[[Blobs], object]
    ) -> None:
        monkeypatch.setattr(module, "PATIENCE", timedelta(seconds=0.2))
        with socket.socket() as nobody:
            nobody.bind(("127.0.0.1", 0))
            gone = S3Blobs("s3://mails", endpoint=f"http://127.0.0.1:{nobody.getsockname()[1]}")
            with pytest.raises(StoreError) as caught:
                act(gone)
        assert caught.value.temporary
        assert leftovers(tmp_path) == []

    def test_a_place_without_a_bucket_is_a_wrong_setting(self) -> None:
        with pytest.raises(ConfigurationError, match="s3://bucket/prefix"):
            S3Blobs("s3://ab")


def keys(endpoint: str) -> list[str]:
    """Of all objects in the bucket."""
    client = boto3.client("s3", endpoint_url=endpoint)
    found = [item["Key"] for item in client.list_objects_v2(Bucket="mails").get("Contents", [])]
    client.close()
    return found


def age(blobs: Blobs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, hours: float) -> None:
    """Makes all that was put look `hours` old, without the storage's help."""
    if isinstance(blobs, S3Blobs):
        monkeypatch.setattr(module, "datetime", _clock_ahead(hours=hours))
        return
    then = time.time() - hours * 3600
    for path in tmp_path.rglob("*"):
        if path.is_file() and "incoming" not in path.name:
            os.utime(path, (then, then))


def _clock_ahead(**span: float) -> type[datetime]:
    class Ahead(datetime):
        @classmethod
        def now(cls, tz: object = None) -> datetime:  # type: ignore[override]
            return datetime.now(tz) + timedelta(**span)  # type: ignore[arg-type]

    return Ahead
