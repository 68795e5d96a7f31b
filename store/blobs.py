"""Raw mails and attachments by sha256, on disk (store.disk_blobs) or in S3-compatible storage.

A blob is complete or absent. The same bytes are one blob, and nothing is ever changed in place, so putting twice is
harmless. Who names a blob in a row has put it a moment before: what is deleted is only what nobody put for an hour.
"""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Protocol
from urllib.parse import urlsplit
from uuid import uuid4

import obstore
from obstore.store import S3Store

from gateway.core.errors import ConfigurationError, StoreError
from store.disk_blobs import FRESH_S, NAME, STALE_S, BlobWriter, DiskBlobs, sweep_files

__all__ = ["BlobWriter", "Blobs", "DiskBlobs", "S3Blobs", "open_blobs"]

PATIENCE = timedelta(seconds=30)
"""How long an object storage that fails is asked again: a sender waits for its 250 (promise P5: 4yz within 60 s)."""
_GOOD_S = FRESH_S / 2
"""So young, a copy is as good as a new one: it stays for long enough to be named, also where our clock and that of the
storage are a quarter of an hour apart, which is as much as a storage bears."""


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


class S3Blobs:
    """Blobs as objects `<prefix>/ab/cd/<sha256>/<copy>`; a PUT is atomic there, so no temporary object is needed.

    Every PUT has a name of its own, because no storage deletes an object on condition that nobody has just put it
    again: who deletes names the copies that it saw, and a copy that came since stays. A blob is any of its copies.
    """

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
            self._keep(sha256, writer.path)
        except Exception as error:  # the storage client raises its own family and bare OSError alike
            raise StoreError(f"blob not stored: {type(error).__name__}") from error
        finally:
            writer.discard()
        return sha256

    def put(self, data: bytes) -> str:
        """One PUT, unless it was put a moment ago."""
        sha256 = hashlib.sha256(data).hexdigest()
        try:
            self._keep(sha256, data)
        except Exception as error:
            raise StoreError(f"blob not stored: {type(error).__name__}") from error
        return sha256

    def read(self, sha256: str) -> bytes:
        """The whole of its newest copy."""
        self._folder(sha256)
        try:
            while copies := self._copies(sha256):
                # Put anew meanwhile, it has another copy; then this one is gone, and the next look finds that one.
                with suppress(FileNotFoundError):
                    return bytes(obstore.get(self._store, copies[-1].path).bytes())
        except Exception as error:
            raise StoreError(f"blob {sha256} not read: {type(error).__name__}") from error
        raise StoreError(f"blob {sha256} is missing", temporary=False)

    def exists(self, sha256: str) -> bool:
        """One LIST."""
        try:
            return bool(self._copies(sha256))
        except Exception as error:
            raise StoreError(f"blob {sha256} not found out about: {type(error).__name__}") from error

    def delete(self, sha256: str) -> None:
        """Deletes the copies that are there now, unless one of them is fresh."""
        try:
            copies = self._copies(sha256)
            if copies and copies[-1].age_s > FRESH_S:
                self._delete(copies)
        except Exception as error:
            raise StoreError(f"blob {sha256} not deleted: {type(error).__name__}") from error

    def idle(self) -> Iterator[str]:
        """A thousand objects a request, in the order of their keys, so that the copies of a blob come together."""
        try:
            name, newest = "", 0.0
            for page in obstore.list(self._store, prefix=self._prefix or None):
                for item in page:
                    found = self._name(item["path"])
                    age_s = _Copy(item["path"], item["last_modified"]).age_s
                    if found != name and name and newest > STALE_S:
                        yield name
                    newest = min(newest, age_s) if found == name else age_s
                    name = found
            if name and newest > STALE_S:
                yield name
        except Exception as error:
            raise StoreError(f"blobs not listed: {type(error).__name__}") from error

    def sweep(self) -> int:
        """Only the local files of uploads can be left over."""
        return sweep_files(self._incoming)

    def _keep(self, sha256: str, data: bytes | Path) -> None:
        """Makes a fresh copy, unless there is one, and takes the older ones away."""
        copies = self._copies(sha256)
        if copies and copies[-1].age_s < _GOOD_S:
            return
        obstore.put(self._store, f"{self._folder(sha256)}/{uuid4().hex}", data)
        # What is left over costs room until the next time.
        with suppress(Exception):
            self._delete(copies)

    def _copies(self, sha256: str) -> list[_Copy]:
        """The newest last."""
        found = [
            _Copy(item["path"], item["last_modified"])
            for page in obstore.list(self._store, prefix=self._folder(sha256))
            for item in page
        ]
        return sorted(found, key=lambda copy: (copy.put_at, copy.path))

    def _delete(self, copies: Sequence[_Copy]) -> None:
        for copy in copies:
            with suppress(FileNotFoundError):
                obstore.delete(self._store, copy.path)

    def _folder(self, sha256: str) -> str:
        if not NAME.match(sha256):
            raise StoreError("not a sha256", temporary=False)
        key = f"{sha256[:2]}/{sha256[2:4]}/{sha256}"
        return f"{self._prefix}/{key}" if self._prefix else key

    def _name(self, path: str) -> str:
        """The blob that an object is a copy of, "" for one that is none of ours."""
        folder, _, _ = path.rpartition("/")
        name = folder.rpartition("/")[2]
        return name if NAME.match(name) and folder == self._folder(name) else ""


@dataclass(frozen=True, slots=True)
class _Copy:
    """One object that holds a blob."""

    path: str
    put_at: datetime

    @property
    def age_s(self) -> float:
        return (datetime.now(UTC) - self.put_at).total_seconds()
