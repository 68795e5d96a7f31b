"""Open a session: TCP, TLS, greeting, EHLO, STARTTLS, AUTH.

Called by the pool for each connection. Nothing is sent in clear that was asked to be protected: a peer that does not
offer STARTTLS is not spoken to, and a password travels only under TLS. RFC 5321 §4.1.1.1, RFC 3207, RFC 4954 §4.
"""

from __future__ import annotations

import asyncio
import base64
import ssl
from dataclasses import dataclass, field

from gateway.core.reply import Reply
from outbound.connection import SessionError, Timeouts
from outbound.session import Session
from outbound.wire import Extensions, read_extensions


@dataclass(frozen=True, slots=True)
class Credentials:
    """Who we are to the relay."""

    username: str
    password: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Peer:
    """Where to connect and how. `context` without `upgrade` is TLS from the first octet; with it, STARTTLS."""

    host: str
    port: int
    hostname: str
    context: ssl.SSLContext | None
    upgrade: bool
    credentials: Credentials | None


async def open_session(session: Session, peer: Peer, timeouts: Timeouts) -> None:
    """Bring a new session to the point where it takes mails. Raises SessionError, OSError (time-outs included)."""
    loop = asyncio.get_running_loop()
    implicit = peer.context if not peer.upgrade else None
    async with asyncio.timeout(timeouts.connect_s):
        await loop.create_connection(
            lambda: session,
            peer.host,
            peer.port,
            ssl=implicit,
            server_hostname=peer.host if implicit else None,
        )
    _require(await session.greeting(), 220, "greeting")
    extensions = await _greet(session, peer.hostname)
    if peer.upgrade:
        extensions = await _start_tls(session, peer, extensions, timeouts)
    if peer.credentials is not None:
        await _authenticate(session, peer.credentials, extensions)
    session.extensions = extensions


async def _greet(session: Session, hostname: str) -> Extensions:
    name = hostname.encode("ascii")
    reply = await session.command(b"EHLO %b\r\n" % name)
    if reply.ok:
        return read_extensions(reply)
    if reply.code not in (500, 502, 504, 550):
        raise SessionError(f"EHLO refused: {reply}")
    _require(await session.command(b"HELO %b\r\n" % name), 250, "HELO")
    return Extensions()


async def _start_tls(session: Session, peer: Peer, extensions: Extensions, timeouts: Timeouts) -> Extensions:
    context = peer.context
    assert context is not None
    if not extensions.starttls:
        raise SessionError("STARTTLS is not offered")
    _require(await session.command(b"STARTTLS\r\n"), 220, "STARTTLS")
    await session.secure(context, peer.host, timeouts.connect_s)
    # What was learnt in clear is forgotten (RFC 3207 §4.2).
    return await _greet(session, peer.hostname)


async def _authenticate(session: Session, credentials: Credentials, extensions: Extensions) -> None:
    user, password = credentials.username.encode(), credentials.password.encode()
    if "PLAIN" in extensions.auth:
        token = base64.b64encode(b"\0" + user + b"\0" + password)
        reply = await session.command(b"AUTH PLAIN %b\r\n" % token)
    elif "LOGIN" in extensions.auth:
        _require(await session.command(b"AUTH LOGIN\r\n"), 334, "AUTH")
        _require(await session.command(base64.b64encode(user) + b"\r\n"), 334, "AUTH")
        reply = await session.command(base64.b64encode(password) + b"\r\n")
    else:
        raise SessionError("AUTH PLAIN or LOGIN is not offered")
    _require(reply, 235, "AUTH")


def _require(reply: Reply, code: int, what: str) -> None:
    if reply.code != code:
        raise SessionError(f"{what} refused: {reply}")
