"""Blobs as files below one folder, and the temporary files in which every blob begins, wherever it goes.

Used by store.blobs, which gives DiskBlobs to whoever wants blobs. A blob is complete or absent: written to a temporary
file, fsynced, renamed, its directory fsynced (crash points cp01-cp04).
"""

from __future__ import annotations

import hashlib
import os
import re
import tempfile
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import IO

from gateway.core.errors import StoreError

CHUNK = 1 << 20
STALE_S = 36 * 3600
FRESH_S = 3600
NAME = re.compile(r"[0-9a-f]{64}\Z")
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
                if _age_s(path) > FRESH_S:
                    path.replace(aside)
                    if _age_s(aside) > FRESH_S:
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
                                if NAME.match(file.name) and time.time() - file.stat().st_mtime > STALE_S:
                                    yield file.name
        except OSError as error:
            raise StoreError(f"blobs not listed: {error.strerror}") from error

    def sweep(self) -> int:
        """Writers keep their file's time fresh by writing; 36 hours of silence means the owner died."""
        return sweep_files(self._incoming)

    def _path(self, sha256: str) -> Path:
        if not NAME.match(sha256):
            raise StoreError("not a sha256", temporary=False)
        return self.folder / sha256[:2] / sha256[2:4] / sha256


def sweep_files(folder: Path) -> int:
    """Removes the temporary files in this folder that nobody has written to for 36 hours; returns how many."""
    swept = 0
    oldest = time.time() - STALE_S
    for path in folder.glob("incoming-*"):
        with suppress(OSError):
            if path.stat().st_mtime < oldest:
                path.unlink()
                swept += 1
    return swept


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
