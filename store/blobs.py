"""Raw mails and attachments by sha256, on disk or in S3-compatible storage.

A blob is complete or absent: written to a temporary file, fsynced, renamed, its directory fsynced (crash points
cp01-cp04). The same bytes are one blob. Nothing is ever changed in place, so putting twice is harmless.
"""

from __future__ import annotations

import hashlib
import os
import re
import tempfile
import time
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import IO, Protocol
from urllib.parse import urlsplit

import obstore
from obstore.store import S3Store

from gateway.core.errors import ConfigurationError, StoreError

CHUNK = 1 << 20
PATIENCE = timedelta(seconds=30)
"""How long an object storage that fails is asked again: a sender waits for its 250 (promise P5: 4yz within 60 s)."""
_STALE_S = 36 * 3600
_FRESH_S = 3600
_NAME = re.compile(r"[0-9a-f]{64}\Z")
_FOLDER = re.compile(r"[0-9a-f]{2}\Z")


class BlobWriter:
    """Bytes on their way to becoming a blob: a temporary file and a running hash. Not thread-safe."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(prefix="incoming-", dir=folder)
        self.path = Path(name)
        self._file: IO[bytes] = os.fdopen(handle, "wb", buffering=CHUNK // 4)
        self._hash = hashlib.sha256()
        self.size = 0

    def write(self, data: bytes | bytearray | memoryview) -> None:
        """Appends. Raises OSError."""
        self._file.write(data)
        self._hash.update(data)
        self.size += len(data)

    def finish(self) -> str:
        """Flushes to the disk and closes; returns the sha256. The file still has its temporary name."""
        self._file.flush()
        os.fsync(self._file.fileno())
        self._file.close()
        return self._hash.hexdigest()

    def discard(self) -> None:
        """Forgets the bytes. Safe to call at any time, more than once, and after a commit."""
        with suppress(OSError):
            self._file.close()
        with suppress(OSError):
            self.path.unlink()


class Blobs(Protocol):
    """Where blobs live. Every method may raise StoreError; `read` also for a blob that is not there."""

    @property
    def disk(self) -> Path | None:
        """The folder whose disk fills; None where the bytes are somebody else's to keep."""

    def writer(self) -> BlobWriter:
        """A new writer, to be committed or discarded."""

    def commit(self, writer: BlobWriter) -> str:
        """Makes the written bytes a durable blob; returns its sha256."""

    def put(self, data: bytes) -> str:
        """Makes these bytes a durable blob; returns its sha256."""

    def read(self, sha256: str) -> bytes:
        """The whole blob."""

    def exists(self, sha256: str) -> bool:
        """Whether the blob is there."""

    def delete(self, sha256: str) -> None:
        """Removes the blob, unless it was put within the last hour: somebody may be about to name it in a row."""

    def idle(self) -> Iterator[str]:
        """The names of all blobs that were not put within the last 36 hours, in no order, found as they are asked for.

        A blob is put anew before a row names it anew, so of these only those are needed that a row names already.
        """

    def sweep(self) -> int:
        """Removes temporary files older than 36 hours that nobody writes to; returns how many."""


def open_blobs(where: str, *, endpoint: str = "") -> Blobs:
    """The blobs at a folder or at `s3://bucket/prefix` (credentials from the environment).

    Raises ConfigurationError for a place that cannot be used.
    """
    if where.startswith("s3://"):
        return S3Blobs(where, endpoint=endpoint)
    try:
        return DiskBlobs(Path(where))
    except OSError as error:
        raise ConfigurationError([("store.blobs", f"cannot write to {where}: {error.strerror}")]) from error


class DiskBlobs:
    """Blobs as files `ab/cd/<sha256>` below one folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder.absolute()
        self._incoming = self.folder / "incoming"
        self._incoming.mkdir(parents=True, exist_ok=True)

    @property
    def disk(self) -> Path:
        """Where every blob begins."""
        return self._incoming

    def writer(self) -> BlobWriter:
        """A writer on the same file system, so that the rename is atomic."""
        return BlobWriter(self._incoming)

    def commit(self, writer: BlobWriter) -> str:
        """fsync the file, rename it, fsync its directory."""
        try:
            sha256 = writer.finish()
            target = self._path(sha256)
            if not target.parent.is_dir():
                _make_durably(target.parent, self.folder)
            writer.path.replace(target)
            _fsync_directory(target.parent)
        except OSError as error:
            writer.discard()
            raise StoreError(f"blob not stored: {error.strerror}") from error
        return sha256

    def put(self, data: bytes) -> str:
        """Bytes that are already there are not written again, only marked as wanted (see delete).

        Who put them may be another process that has renamed the file and not yet fsynced its directory.
        """
        sha256 = hashlib.sha256(data).hexdigest()
        path = self._path(sha256)
        try:
            os.utime(path)
            # Without anything to write this costs next to nothing.
            _fsync_directory(path.parent)
            return sha256
        except FileNotFoundError:
            pass
        except OSError as error:
            raise StoreError(f"blob not stored: {error.strerror}") from error
        try:
            writer = self.writer()
        except OSError as error:
            raise StoreError(f"blob not stored: {error.strerror}") from error
        try:
            writer.write(data)
        except OSError as error:
            writer.discard()
            raise StoreError(f"blob not stored: {error.strerror}") from error
        return self.commit(writer)

    def read(self, sha256: str) -> bytes:
        """The whole file."""
        try:
            return self._path(sha256).read_bytes()
        except FileNotFoundError as error:
            raise StoreError(f"blob {sha256} is missing", temporary=False) from error
        except OSError as error:
            raise StoreError(f"blob {sha256} not read: {error.strerror}") from error

    def exists(self, sha256: str) -> bool:
        """Whether the file is there."""
        return self._path(sha256).is_file()

    def delete(self, sha256: str) -> None:
        """Unlinks the file, unless its time is fresh.

        It is first renamed: were it put again between the look at its time and the unlinking, it would be lost.
        """
        path = self._path(sha256)
        aside = self._incoming / f"incoming-{sha256}"
        try:
            with suppress(FileNotFoundError):
                if _age_s(path) > _FRESH_S:
                    path.replace(aside)
                    if _age_s(aside) > _FRESH_S:
                        aside.unlink()
                    else:
                        aside.replace(path)
                        _fsync_directory(path.parent)
        except OSError as error:
            raise StoreError(f"blob {sha256} not deleted: {error.strerror}") from error

    def idle(self) -> Iterator[str]:
        """One directory at a time; a file that vanishes meanwhile is not idle."""
        try:
            for folder in _folders(self.folder):
                for inner in _folders(folder):
                    with os.scandir(inner) as files:
                        for file in files:
                            with suppress(FileNotFoundError):
                                if _NAME.match(file.name) and time.time() - file.stat().st_mtime > _STALE_S:
                                    yield file.name
        except OSError as error:
            raise StoreError(f"blobs not listed: {error.strerror}") from error

    def sweep(self) -> int:
        """Writers keep their file's time fresh by writing; 36 hours of silence means the owner died."""
        return _sweep(self._incoming)

    def _path(self, sha256: str) -> Path:
        if not _NAME.match(sha256):
            raise StoreError("not a sha256", temporary=False)
        return self.folder / sha256[:2] / sha256[2:4] / sha256


class S3Blobs:
    """Blobs as objects `<prefix>/ab/cd/<sha256>`; a PUT is atomic there, so no temporary object is needed."""

    def __init__(self, where: str, *, endpoint: str = "") -> None:
        url = urlsplit(where)
        if len(url.netloc) < 3:
            raise ConfigurationError([("store.blobs", "an S3 place is s3://bucket/prefix")])
        self._prefix = url.path.strip("/")
        options = {"endpoint": endpoint} if endpoint else {}
        self._store = S3Store(
            url.netloc,
            virtual_hosted_style_request=False,
            client_options={"allow_http": endpoint.startswith("http://")},
            retry_config={"max_retries": 5, "retry_timeout": PATIENCE},
            **options,  # type: ignore[arg-type]
        )
        self._incoming = Path(tempfile.gettempdir()) / "relais-incoming"

    @property
    def disk(self) -> None:
        """A mail is on this machine for as long as its upload takes."""
        return None

    def writer(self) -> BlobWriter:
        """A local file first: the hash, which is the name, is known only at the end."""
        return BlobWriter(self._incoming)

    def commit(self, writer: BlobWriter) -> str:
        """Uploads in parts, then removes the local file."""
        try:
            sha256 = writer.finish()
            obstore.put(self._store, self._key(sha256), writer.path)
        except Exception as error:  # the storage client raises its own family and bare OSError alike
            raise StoreError(f"blob not stored: {type(error).__name__}") from error
        finally:
            writer.discard()
        return sha256

    def put(self, data: bytes) -> str:
        """One PUT, also where it is there: its time must become fresh (see delete)."""
        sha256 = hashlib.sha256(data).hexdigest()
        try:
            obstore.put(self._store, self._key(sha256), data)
        except Exception as error:
            raise StoreError(f"blob not stored: {type(error).__name__}") from error
        return sha256

    def read(self, sha256: str) -> bytes:
        """The whole object."""
        try:
            return bytes(obstore.get(self._store, self._key(sha256)).bytes())
        except FileNotFoundError as error:
            raise StoreError(f"blob {sha256} is missing", temporary=False) from error
        except Exception as error:
            raise StoreError(f"blob {sha256} not read: {type(error).__name__}") from error

    def exists(self, sha256: str) -> bool:
        """One HEAD."""
        try:
            obstore.head(self._store, self._key(sha256))
        except FileNotFoundError:
            return False
        except Exception as error:
            raise StoreError(f"blob {sha256} not found out about: {type(error).__name__}") from error
        return True

    def delete(self, sha256: str) -> None:
        """One DELETE, unless the object is fresh.

        Put anew between the question and the DELETE, it would be lost: no storage offers more. It was idle until then.
        """
        try:
            age = datetime.now(UTC) - obstore.head(self._store, self._key(sha256))["last_modified"]
            if age.total_seconds() > _FRESH_S:
                obstore.delete(self._store, self._key(sha256))
        except FileNotFoundError:
            return
        except Exception as error:
            raise StoreError(f"blob {sha256} not deleted: {type(error).__name__}") from error

    def idle(self) -> Iterator[str]:
        """A thousand objects a request."""
        try:
            for page in obstore.list(self._store, prefix=self._prefix or None):
                oldest = datetime.now(UTC) - timedelta(seconds=_STALE_S)
                for item in page:
                    name = item["path"].rpartition("/")[2]
                    if _NAME.match(name) and item["path"] == self._key(name) and item["last_modified"] < oldest:
                        yield name
        except Exception as error:
            raise StoreError(f"blobs not listed: {type(error).__name__}") from error

    def sweep(self) -> int:
        """Only the local files of uploads can be left over."""
        return _sweep(self._incoming)

    def _key(self, sha256: str) -> str:
        key = f"{sha256[:2]}/{sha256[2:4]}/{sha256}"
        return f"{self._prefix}/{key}" if self._prefix else key


def _make_durably(folder: Path, top: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    parent = folder.parent
    while True:
        _fsync_directory(parent)
        if parent == top:
            return
        parent = parent.parent


def _fsync_directory(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _age_s(path: Path) -> float:
    return time.time() - path.stat().st_mtime


def _folders(parent: Path) -> list[Path]:
    """The folders of two hexadecimal digits in this one; there are at most 256."""
    with os.scandir(parent) as entries:
        return [parent / entry.name for entry in entries if _FOLDER.match(entry.name) and entry.is_dir()]


def _sweep(folder: Path) -> int:
    swept = 0
    oldest = time.time() - _STALE_S
    for path in folder.glob("incoming-*"):
        with suppress(OSError):
            if path.stat().st_mtime < oldest:
                path.unlink()
                swept += 1
    return swept
