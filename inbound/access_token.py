"""Access tokens for mailboxes that take no password (Microsoft 365, Gmail): fetched, remembered, renewed.

Used by inbound.mailbox through Account.tokens, on the one thread of its account. RFC 6749 §4.4 (client credentials)
and §6 (refresh token); secrets stand in files that the gateway alone can read.
"""

from __future__ import annotations

import json
import os
import tempfile
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from http.client import HTTPException
from pathlib import Path
from typing import IO
from urllib.error import HTTPError, URLError
from urllib.parse import urlencode
from urllib.request import HTTPRedirectHandler, Request, build_opener

import structlog

from inbound.account import LoginRefusedError, MailboxError

log = structlog.get_logger(__name__)

_TIMEOUT_S = 15.0
_EARLY_S = 120.0
"""A token is not used in its last two minutes: it must outlive the way to the server."""
_USUAL_S = 600.0
"""How long a token is taken to live where nobody says it."""
_ANSWER_OCTETS = 65_536


@dataclass(frozen=True, slots=True)
class Grant:
    """How tokens are asked for. With `refresh_token_file` as the person who gave that token, else as the client."""

    url: str
    client_id: str
    scope: str
    secret_file: Path | None
    refresh_token_file: Path | None


class AccessTokens:
    """The tokens of one account. Not thread-safe."""

    def __init__(self, grant: Grant, *, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._grant = grant
        self._now = monotonic
        self._token = ""
        self._until = 0.0

    def get(self) -> str:
        """A token that is good for two minutes more. Raises LoginRefusedError where none is given, MailboxError."""
        if not self._token or self._now() >= self._until:
            self._renew()
        return self._token

    def forget(self) -> None:
        """The server refused the last one: the next get() asks for another."""
        self._token = ""

    def _renew(self) -> None:
        answer = _post(self._grant.url, self._question())
        token, lives, refresh = answer.get("access_token"), answer.get("expires_in"), answer.get("refresh_token")
        if not isinstance(token, str) or not token or not token.isascii() or not token.isprintable():
            raise MailboxError(f"{self._grant.url} gives no access token")
        # Some write the number as a word.
        seconds = float(lives) if isinstance(lives, int | float | str) and str(lives).isdigit() else _USUAL_S
        self._token, self._until = token, self._now() + max(0.0, seconds - _EARLY_S)
        if self._grant.refresh_token_file and isinstance(refresh, str) and refresh:
            _keep(self._grant.refresh_token_file, refresh)

    def _question(self) -> dict[str, str]:
        grant = self._grant
        words = {"client_id": grant.client_id}
        if grant.secret_file:
            words["client_secret"] = read_secret(grant.secret_file)
        if grant.refresh_token_file:
            words |= {"grant_type": "refresh_token", "refresh_token": read_secret(grant.refresh_token_file)}
        else:
            words["grant_type"] = "client_credentials"
        return words | ({"scope": grant.scope} if grant.scope else {})


def read_secret(path: Path) -> str:
    """The one line of a file that nobody else can read. Raises LoginRefusedError, and never shows what it holds."""
    try:
        mode = path.stat().st_mode
        text = path.read_text("utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "not UTF-8"
        raise LoginRefusedError(f"{path} cannot be read: {reason}") from error
    if mode & 0o077:
        raise LoginRefusedError(f"{path} can be read by others: chmod 600 {path}")
    if not text or "\n" in text:
        raise LoginRefusedError(f"{path} must hold one line, the secret")
    return text


class _NoRedirect(HTTPRedirectHandler):
    """Secrets go where the settings say, and nowhere else."""

    def redirect_request(
        self, req: Request, fp: IO[bytes], code: int, msg: str, headers: object, newurl: str
    ) -> Request | None:
        """Follows nothing: the answer is an HTTPError."""
        return None


def _post(url: str, words: dict[str, str]) -> dict[str, object]:
    request = Request(url, urlencode(words).encode("ascii"), {"Accept": "application/json"})  # noqa: S310 (https)
    try:
        with build_opener(_NoRedirect).open(request, timeout=_TIMEOUT_S) as answer:
            return _document(answer.read(_ANSWER_OCTETS), url)
    except HTTPError as error:
        with error:
            told = _error_of(error)
        if error.code in (400, 401, 403):
            raise LoginRefusedError(f"{url} gives no access token: {told}") from error
        raise MailboxError(f"{url} answers {error.code}: {told}") from error
    except (URLError, OSError, HTTPException) as error:
        raise MailboxError(f"{url} cannot be reached: {getattr(error, 'reason', error)}") from error


def _error_of(error: HTTPError) -> str:
    """The one word that RFC 6749 §5.2 has for it, and its explanation where there is one."""
    try:
        document = _document(error.read(_ANSWER_OCTETS), "")
    except (OSError, HTTPException, MailboxError):
        return error.reason or "no explanation"
    told = " ".join(str(document[key]) for key in ("error", "error_description") if key in document)
    return " ".join(told.split())[:300] or "no explanation"


def _document(text: bytes, url: str) -> dict[str, object]:
    try:
        document = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise MailboxError(f"{url} does not answer in JSON") from error
    if not isinstance(document, dict):
        raise MailboxError(f"{url} answers with something else than an object")
    return document


def _keep(path: Path, refresh: str) -> None:
    """Stores the refresh token that is to be used from now on, whole or not at all."""
    name = ""
    try:
        if read_secret(path) == refresh:
            return
        owner = path.stat()
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}-")
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            # Where root looks whether all is well, the file must not become root's.
            os.fchown(handle, owner.st_uid, owner.st_gid)
            file.write(refresh + "\n")
            file.flush()
            os.fsync(file.fileno())
        Path(name).replace(path)
    except OSError as error:
        # The old one mostly lives on for a while: an administrator who mends the folder comes in time.
        log.error("refresh_token_not_kept", file=str(path), trouble=error.strerror)
        if name:
            with suppress(OSError):
                Path(name).unlink()
