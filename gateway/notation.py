"""How the values of settings are written: each function gives the value back, made canonical, or says what is wrong.

Used by gateway.settings alone. Every function raises ValueError with words that go behind the name of the key. What is
taken here stands in header lines, in protocol lines and in links, so one character too many would break each of them.
"""

from __future__ import annotations

import ipaddress
import re
import unicodedata
import zoneinfo
from urllib.parse import urlsplit

from gateway.core import address
from gateway.core.address import AddressError

_LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_HOSTNAME = re.compile(rf"(?=.{{1,253}}\Z){_LABEL}(?:\.{_LABEL})*\Z")
_MAX_URL = 200
"""A link of ours is this, a path and a token, and must fit a header line of 998 octets (RFC 5322 §2.1.1)."""
_PATH = re.compile(r"[A-Za-z0-9._~!$&'()*+,;=:@%/-]*\Z")
_CONTROLS = ("Cc", "Cs", "Zl", "Zp")


def one_line(text: str) -> str:
    """Any text that no line, file name or query would end in: without control characters and undecodable octets."""
    if any(unicodedata.category(character) in _CONTROLS for character in text):
        raise ValueError("must not have control characters, line ends or octets that are not UTF-8")
    return text


def title(text: str) -> str:
    """What people read: at least one character, none of them invisible."""
    if not text.strip() or any(unicodedata.category(character)[0] == "C" for character in one_line(text)):
        raise ValueError("must be words that can be seen, without control characters")
    return text


def hostname(text: str) -> str:
    """A name as it stands in a greeting or EHLO (RFC 5321 §4.1.2, §4.1.3), or "" for the default."""
    if text and not _HOSTNAME.match(text) and not _is_literal(text):
        raise ValueError("must be a host name in ASCII (xn--…), an address in brackets such as [192.0.2.1], or empty")
    return text


def host(text: str) -> str:
    """Where to connect to: a host name or an address, or "" for nowhere."""
    if text and not _HOSTNAME.match(text) and not _is_address(text):
        raise ValueError("must be a host name in ASCII (xn--…) or an IP address, or empty")
    return text


def listen(text: str) -> str:
    """HOST:PORT, unix:/PATH or empty."""
    if not text:
        return text
    if text.startswith("unix:"):
        if not text.startswith("unix:/"):
            raise ValueError("must name a Unix socket by its whole path: unix:/PATH")
        return text
    where, found, port = text.rpartition(":")
    if not found or not where or not (port.isascii() and port.isdigit()) or int(port) > 65535:
        raise ValueError("must be HOST:PORT, unix:/PATH or empty")
    if not _HOSTNAME.match(where) and not _is_address(where.removeprefix("[").removesuffix("]")):
        raise ValueError("must begin with a host name or an IP address, an IPv6 one in brackets")
    return text


def tcp_listen(text: str) -> str:
    """HOST:PORT or empty."""
    if text.startswith("unix:"):
        raise ValueError("must be HOST:PORT or empty: no Unix socket here")
    return listen(text)


def name_server(text: str) -> str:
    """IP:PORT, of IPv6 [IP]:PORT."""
    host, colon, port = text.rpartition(":")
    try:
        address = ipaddress.ip_address(host[1:-1] if host.startswith("[") and host.endswith("]") else host)
        if not colon or (address.version == 6) != host.startswith("[") or not 0 < int(port) < 65536:
            raise ValueError(text)
    except ValueError as error:
        raise ValueError("is not IP:PORT, such as 127.0.0.1:53 or [::1]:53") from error
    return text


def zone(text: str) -> str:
    """The name of a time zone."""
    try:
        zoneinfo.ZoneInfo(text)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise ValueError("is not a time zone such as Europe/Paris") from error
    return text


def network(text: str) -> str:
    """An IP network, canonical."""
    return str(ipaddress.ip_network(text, strict=False))


def is_loopback(text: str) -> bool:
    """Whether this host is this machine."""
    return text.lower() == "localhost" or (_is_address(text) and ipaddress.ip_address(text).is_loopback)


def token_url(text: str) -> str:
    """Where access tokens are asked for: by https, or by http on this machine."""
    parts = urlsplit(text)
    if not parts.hostname or not (parts.scheme == "https" or (parts.scheme == "http" and is_loopback(parts.hostname))):
        raise ValueError("must begin with https:// and name a host")
    return text


def mail_address(text: str) -> str:
    """A mail address, canonical, or "" for none."""
    try:
        return str(address.parse(text)) if text else text
    except AddressError as error:
        raise ValueError(f"is not a mail address: {error}") from error


def base_url(text: str) -> str:
    """What our links begin with, without a slash at the end: scheme, host, perhaps a port and a path, in ASCII."""
    if not text.startswith(("http://", "https://")):
        raise ValueError("must begin with https:// (or http:// on a test machine)")
    if len(text) > _MAX_URL:
        raise ValueError(f"must not be longer than {_MAX_URL} characters: it stands in header lines")
    # urlsplit passes over some control characters, so the parts must make the whole again.
    parts = urlsplit(text)
    name = parts.hostname or ""
    is_host = _HOSTNAME.match(name) or (_is_address(name) and f"[{name}]" in parts.netloc)
    if parts.port is not None and not parts.port:
        raise ValueError("must not have port 0")
    plain = f"{parts.scheme}://{parts.netloc}{parts.path}"
    if not is_host or "@" in parts.netloc or not _PATH.match(parts.path) or plain != text:
        raise ValueError("must be https://HOST or https://HOST/PATH, in ASCII (xn--…) and without ? and #")
    return text.rstrip("/")


def _is_literal(text: str) -> bool:
    """An address in brackets, IPv6 with its tag (RFC 5321 §4.1.3)."""
    if not (text.startswith("[") and text.endswith("]")):
        return False
    inner = text[1:-1]
    tagged = inner[:5].lower() == "ipv6:"
    where = inner[5:] if tagged else inner
    return _is_address(where) and tagged == (":" in where)


def _is_address(text: str) -> bool:
    try:
        return "%" not in text and bool(ipaddress.ip_address(text))
    except ValueError:
        return False
