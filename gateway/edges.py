"""What the settings say of the outside world, made into what the edges want: certificates, sockets, the relay, DKIM.

Used by the wiring. Every function raises ConfigurationError for what the settings promise and the machine lacks.
"""

from __future__ import annotations

import ssl
from ipaddress import ip_network
from pathlib import Path

from gateway.core.clock import Clock
from gateway.core.errors import ConfigurationError
from gateway.roles import Role
from gateway.settings import Settings
from inbound.limits import Limits, ListenerConfig, Protocol
from outbound.client import Relay
from outbound.courier import Courier
from outbound.dkim import Signer
from outbound.maildir import MaildirRelay
from outbound.relay import RelayConfig, Security


def tls_context(settings: Settings) -> ssl.SSLContext | None:
    """What STARTTLS needs; None where no certificate is set."""
    own = settings.smtp
    if not own.certificate:
        return None
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    try:
        context.load_cert_chain(own.certificate, own.key)
    except (OSError, ssl.SSLError) as error:
        raise ConfigurationError([("smtp.certificate", f"cannot be used: {error}")]) from error
    return context


def listener_configs(settings: Settings) -> list[ListenerConfig]:
    """SMTP and LMTP, as far as the settings name them."""
    own = settings.smtp
    limits = Limits(
        connections=own.connections,
        connections_per_peer=own.connections_per_peer,
        recipients=own.recipients,
        mails_per_session=own.mails_per_session,
        commands_without_mail=own.commands_without_mail,
        errors=own.errors,
        session_s=own.session_s,
        idle_s=own.idle_s,
        tls_s=own.tls_s,
        min_rate=own.min_rate,
        banner_delay_s=own.banner_delay_s,
        header_bytes=own.header_bytes,
    )
    tls = tls_context(settings)
    return [
        ListenerConfig(
            protocol=protocol,
            listen=listen,
            hostname=own.hostname or settings.gateway.domain,
            domain=settings.gateway.domain,
            max_message_bytes=own.max_message_bytes,
            tls=tls,
            trusted_peers=tuple(ip_network(peer) for peer in settings.authentication.trusted_peers),
            limits=limits,
        )
        for protocol, listen in ((Protocol.SMTP, own.listen), (Protocol.LMTP, settings.lmtp.listen))
        if listen
    ]


def sockets(settings: Settings, roles: tuple[Role, ...]) -> list[tuple[str, str]]:
    """(key, where) of each socket that these roles listen on."""
    wanted = []
    if Role.LISTENER in roles:
        wanted += [("smtp.listen", settings.smtp.listen), ("lmtp.listen", settings.lmtp.listen)]
    if Role.WEB in roles:
        wanted.append(("web.listen", settings.web.listen))
    return [(key, listen) for key, listen in wanted if listen]


def courier(settings: Settings, clock: Clock) -> Courier:
    """The relay, or the Maildir where there is none. On a running event loop only."""
    own = settings.relay
    if not own.host:
        try:
            own.outbox.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            mend = "name a folder that can be written to, or set relay.host"
            raise ConfigurationError(
                [("relay.outbox", f"cannot use {own.outbox}: {error.strerror}; {mend}")]
            ) from error
        return MaildirRelay(own.outbox, clock)
    config = RelayConfig(
        host=own.host,
        port=own.port,
        hostname=own.hostname or settings.gateway.domain,
        security=Security(own.security),
        username=own.username,
        password=own.password.get_secret_value(),
        connections=own.connections,
        ca_file=Path(own.ca_file) if own.ca_file else None,
    )
    return Relay(config, clock)


def signer(settings: Settings, clock: Clock) -> Signer | None:
    """What signs our mails; None where no key is set."""
    own = settings.dkim
    if not own.domain:
        return None
    try:
        key = Path(own.key_file).read_bytes()
    except OSError as error:
        raise ConfigurationError([("dkim.key_file", f"cannot be read: {error.strerror}")]) from error
    return Signer(own.domain, own.selector, key, clock)
