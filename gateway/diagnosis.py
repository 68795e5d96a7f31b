"""Whether this machine can do what the settings promise: the checks of `relais doctor`, one finding each.

Every check looks for itself and none stops the others. Nothing is changed, but for one tiny blob that proves the
blobs can be written.
"""

from __future__ import annotations

import os
import shutil
import socket
import ssl
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from functools import partial
from ipaddress import ip_network
from pathlib import Path

from cryptography import x509

from gateway import bridges, keys, reputation
from gateway.core.clock import Clock
from gateway.core.errors import ConfigurationError, GatewayError
from gateway.finding import Finding, State
from gateway.reputation import Names
from gateway.settings import Settings
from inbound.account import MailboxError
from inbound.harvest import Source
from inbound.mailbox import Mailbox
from inbound.resolver import Ask, NotAnsweredError, Resolver
from store import migrations, queues, switches
from store.blobs import open_blobs
from store.database import Database
from store.switches import Switch

RELAY_TIMEOUT_S = 5.0
EXPIRES_SOON = timedelta(days=14)
_PROBE = b"relais doctor was here\n"
_BUILT = datetime(2025, 1, 1, tzinfo=UTC)
"""No clock that is right shows a time before this."""
_AHEAD = timedelta(minutes=5)


Check = Callable[[Settings, Clock], tuple[State, str]]


def examine(settings: Settings, clock: Clock, ask: Ask | None = None) -> Iterator[Finding]:
    """Runs every check, in the order of the settings, then those that ask the DNS, or `ask` for it.

    Never raises for what a check finds.
    """
    world = Names(ask or Resolver(settings.authentication.nameservers).ask)
    for name, check in _CHECKS:
        yield _conclude(name, partial(check, settings, clock))
    for name, question in reputation.CHECKS:
        yield _conclude(name, partial(question, settings, world))


def _conclude(name: str, check: Callable[[], tuple[State, str]]) -> Finding:
    try:
        state, text = check()
    except ConfigurationError as error:
        state, text = State.FAIL, "; ".join(words for _, words in error.mistakes)
    except NotAnsweredError as error:
        # Who can send mail may well have no way to the DNS.
        state, text = State.WARN, f"the DNS did not answer: {error}"
    except (GatewayError, OSError, ValueError) as error:
        state, text = State.FAIL, str(error) or type(error).__name__
    return Finding(name, state, text)


def _settings(settings: Settings, _clock: Clock) -> tuple[State, str]:
    return State.OK, f"readable; the communities are at {settings.gateway.domain}"


def _secret(settings: Settings, _clock: Clock) -> tuple[State, str]:
    ring = keys.load(settings.gateway.secret_file)
    return State.OK, f"{settings.gateway.secret_file} is readable by us alone; key {ring.current} signs"


def _store(settings: Settings, _clock: Clock) -> tuple[State, str]:
    database = _open(settings)
    try:
        found = migrations.current(database)
    finally:
        database.close()
    if found != migrations.HEAD:
        return State.FAIL, f"{'empty' if found is None else f'has schema {found}'}: run relais init"
    return State.OK, f"reachable, schema {found}"


def _open(settings: Settings) -> Database:
    kind, _, path = settings.store.url.partition(":///")
    if kind == "sqlite" and not Path(path).exists():
        raise ConfigurationError([("store.url", f"there is no database {path}: run relais init")])
    return Database(settings.store.url)


def _blobs(settings: Settings, _clock: Clock) -> tuple[State, str]:
    blobs = open_blobs(settings.store.blobs, endpoint=settings.store.blobs_endpoint)
    name = blobs.put(_PROBE)
    if blobs.read(name) != _PROBE:
        return State.FAIL, f"{settings.store.blobs} does not give back what was written"
    blobs.delete(name)
    return State.OK, f"{settings.store.blobs} can be written and read"


def _disk(settings: Settings, _clock: Clock) -> tuple[State, str]:
    kind, _, path = settings.store.url.partition(":///")
    places = [Path(path).parent] if kind == "sqlite" else []
    if not settings.store.blobs.startswith("s3://"):
        places.append(Path(settings.store.blobs))
    free = min((shutil.disk_usage(_existing(place)).free for place in places), default=None)
    if free is None:
        return State.OK, "nothing is kept on this machine"
    words = f"{free / 1e9:.1f} GB free, {settings.store.reserve_bytes / 1e9:.1f} GB of them kept in reserve"
    if free < settings.store.reserve_bytes:
        return State.FAIL, f"{words}: mail is refused (452) until there is more"
    return (State.WARN if free < 2 * settings.store.reserve_bytes else State.OK), words


def _existing(place: Path) -> Path:
    """The folder itself, or the one it would be made in."""
    place = place.absolute()
    while not place.exists():
        place = place.parent
    return place


def _relay(settings: Settings, _clock: Clock) -> tuple[State, str]:
    own = settings.relay
    if not own.host:
        return State.WARN, f"relay.host is not set: mails are written to {own.outbox} and reach nobody"
    where = f"{own.host}:{own.port}"
    try:
        with socket.create_connection((own.host, own.port), RELAY_TIMEOUT_S) as plain:
            plain.settimeout(RELAY_TIMEOUT_S)
            greeting = _greeting(plain, settings)
    except (OSError, ssl.SSLError) as error:
        return State.FAIL, f"{where} does not answer: {error}"
    if not greeting.startswith("220"):
        return State.FAIL, f"{where} says {greeting[:80] or 'nothing'!r}"
    return State.OK, f"{where} says {greeting[:80]!r}"


def _greeting(plain: socket.socket, settings: Settings) -> str:
    own = settings.relay
    if own.security != "tls":
        return _first_line(plain)
    context = ssl.create_default_context(cafile=own.ca_file or None)
    with context.wrap_socket(plain, server_hostname=own.host) as secured:
        return _first_line(secured)


def _first_line(connection: socket.socket) -> str:
    """The banner (RFC 5321 §4.3.1), politely left."""
    with connection.makefile("rb") as stream:
        line = stream.readline(1000).decode("utf-8", "replace").strip()
    connection.sendall(b"QUIT\r\n")
    return line


def _clock_is_sane(settings: Settings, clock: Clock) -> tuple[State, str]:
    now = clock()
    latest = None
    try:
        database = _open(settings)
        try:
            with database.reading() as tx:
                latest = queues.newest_arrival(tx) if migrations.current(database) == migrations.HEAD else None
        finally:
            database.close()
    except GatewayError:
        # What is wrong with the store is the word of its own check.
        latest = None
    shown = now.strftime("%Y-%m-%d %H:%M:%SZ")
    if now < _BUILT:
        return State.FAIL, f"shows {shown}, which is long past: set the clock"
    if latest and latest > now + _AHEAD:
        return State.FAIL, f"shows {shown}, and a mail came in at {latest:%Y-%m-%d %H:%M:%SZ}: set the clock"
    return State.OK, f"shows {shown}"


def _certificate(settings: Settings, clock: Clock) -> tuple[State, str]:
    own = settings.smtp
    if not own.certificate:
        return State.WARN, "smtp.certificate is not set: STARTTLS is not offered"
    try:
        ssl.create_default_context(ssl.Purpose.CLIENT_AUTH).load_cert_chain(own.certificate, own.key)
    except (OSError, ssl.SSLError) as error:
        return State.FAIL, f"{own.certificate} cannot be used with {own.key}: {error}"
    until = x509.load_pem_x509_certificate(Path(own.certificate).read_bytes()).not_valid_after_utc
    if until <= clock():
        return State.FAIL, f"{own.certificate} expired on {until:%Y-%m-%d}"
    soon = until - clock() < EXPIRES_SOON
    return (State.WARN if soon else State.OK), f"{own.certificate} is good until {until:%Y-%m-%d}"


def _dkim(settings: Settings, _clock: Clock) -> tuple[State, str]:
    own = settings.dkim
    if not own.domain:
        return State.WARN, "dkim.domain is not set: mails are not signed"
    if not os.access(own.key_file, os.R_OK):
        return State.FAIL, f"dkim.key_file {own.key_file} cannot be read"
    return State.OK, f"signs as {own.selector}._domainkey.{own.domain}"


def _mailboxes(settings: Settings, _clock: Clock) -> tuple[State, str]:
    sources = bridges.sources(settings)
    troubles = [
        f"{source.account.name}/{source.account.folder}: {words}" for source in sources if (words := _try(source))
    ]
    if troubles:
        return State.FAIL, "; ".join(troubles)
    unproven = [source.account.name for source in sources if source.authserv_id is None]
    if unproven and settings.authentication.require == "proof" and not settings.authentication.verify:
        return State.WARN, f"authserv_id is not set for {', '.join(unproven)}: every mail from there is held"
    return State.OK, f"{len(sources)} can be opened" if sources else "none is picked up from"


def _try(source: Source) -> str:
    """What keeps this mailbox from being opened, "" for nothing."""
    try:
        box = Mailbox(source.account)
        try:
            box.open()
        finally:
            box.close()
    except MailboxError as error:
        return str(error)
    return ""


def _base_url(settings: Settings, _clock: Clock) -> tuple[State, str]:
    url = settings.web.base_url
    if not url.startswith("https://"):
        return State.WARN, f"web.base_url is {url}: mail programs offer to unsubscribe only by https (RFC 8058)"
    return State.OK, url


def _authentication(settings: Settings, _clock: Clock) -> tuple[State, str]:
    own = settings.authentication
    if own.require == "none":
        return State.WARN, "authentication.require is none: whoever From names is believed"
    if own.authserv_id == "" and (wide := [peers for peers in own.trusted_peers if ip_network(peers).is_global]):
        # Whoever rents the same servers writes results without a name just as well.
        return State.WARN, f"authserv_id is empty, and {', '.join(wide)} may be many people's mail servers"
    if own.authserv_id is None and own.require == "proof" and not own.verify:
        return State.FAIL, "authentication.authserv_id is not set: nobody's proof counts, and every mail is held"
    whose = "nobody" if own.authserv_id is None else own.authserv_id or "no id"
    ourselves = ", and what we verify ourselves" if own.verify else ""
    return State.OK, f"require is {own.require}, and {whose!r} is whose word counts{ourselves}"


def _digests(settings: Settings, _clock: Clock) -> tuple[State, str]:
    try:
        database = _open(settings)
        try:
            with database.reading() as tx:
                is_ours = migrations.current(database) == migrations.HEAD
                since = switches.since(tx, Switch.DIGESTS_PAUSED) if is_ours else None
        finally:
            database.close()
    except GatewayError:
        # What is wrong with the store is the word of its own check.
        since = None
    if since:
        return State.WARN, f"paused since {since:%Y-%m-%d %H:%M:%SZ}, none leaves: relais digest resume"
    return State.OK, f"daily at {settings.digests.daily_at}, weekly on {settings.digests.weekly_on}"


_CHECKS: tuple[tuple[str, Check], ...] = (
    ("settings", _settings),
    ("secret", _secret),
    ("store", _store),
    ("blobs", _blobs),
    ("disk", _disk),
    ("certificate", _certificate),
    ("mailboxes", _mailboxes),
    ("relay", _relay),
    ("dkim", _dkim),
    ("authentication", _authentication),
    ("base_url", _base_url),
    ("digests", _digests),
    ("clock", _clock_is_sane),
)
