"""What the settings say of mailboxes ([[imap]]), made into what the bridge wants.

Used by the wiring and by `relais doctor`.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from gateway.core import address
from gateway.core.address import Address, AddressError
from gateway.core.errors import ConfigurationError
from gateway.settings import Imap, Settings
from inbound.access_token import AccessTokens, Grant
from inbound.account import Account, Security
from inbound.harvest import Source, Store
from inbound.pickup import Pickup, Reports

_LONGEST_NAME = 255
"""What the store has room for."""


def account(own: Imap) -> Account:
    """How one of them is reached."""
    return Account(
        host=own.host,
        port=own.port,
        security=Security(own.security),
        username=own.username,
        password=own.password.get_secret_value(),
        tokens=_tokens(own),
        folder=own.folder,
        done_folder=own.done_folder,
        failed_folder=own.failed_folder,
        ca_file=Path(own.ca_file) if own.ca_file else None,
    )


def _tokens(own: Imap) -> AccessTokens | None:
    asked = own.oauth2
    if asked is None:
        return None
    return AccessTokens(
        Grant(asked.token_url, asked.client_id, asked.scope, asked.secret_file, asked.refresh_token_file)
    )


def sources(settings: Settings) -> list[Source]:
    """All of them, in the order of the file. Raises ConfigurationError for what does not fit together."""
    mistakes: list[tuple[str, str]] = []
    found: list[Source] = []
    for number, own in enumerate(settings.imap):
        try:
            source = _source(number, own, settings)
        except ConfigurationError as error:
            mistakes += error.mistakes
            continue
        place = (source.account.name, own.folder)
        if any((other.account.name, other.account.folder) == place for other in found):
            mistakes.append((f"imap.{number}", "the same folder of the same account as another one"))
        found.append(source)
    if mistakes:
        raise ConfigurationError(mistakes)
    return found


def _source(number: int, own: Imap, settings: Settings) -> Source:
    if own.ca_file and not Path(own.ca_file).is_file():
        raise ConfigurationError([(f"imap.{number}.ca_file", f"there is no file {own.ca_file}")])
    if len(account(own).name) > _LONGEST_NAME:
        raise ConfigurationError([(f"imap.{number}.username", "is too long, together with the name of the host")])
    return Source(
        number=number + 1,
        account=account(own),
        address=_address(number, own, settings.smtp.separator),
        community=_community(number, own, settings.gateway.domain),
        authserv_id=own.authserv_id,
        poll_s=own.poll_s,
    )


def _address(number: int, own: Imap, separator: str) -> Address | None:
    if not own.address:
        return None
    found = address.parse(own.address)
    if separator in found.local:
        words = f"must be the address before the {separator}, which separates it from the name of a community"
        raise ConfigurationError([(f"imap.{number}.address", words)])
    return found


def _community(number: int, own: Imap, domain: str) -> str:
    try:
        return address.parse(f"{own.community}@{domain}").local if own.community else ""
    except AddressError as error:
        raise ConfigurationError([(f"imap.{number}.community", f"is not the name of one: {error}")]) from error


def borders(settings: Settings) -> tuple[tuple[str, str | None], ...]:
    """(account, authserv-id) of each, for whoever judges authors."""
    return tuple((f"{own.username}@{own.host}", own.authserv_id) for own in settings.imap)


def of_exchange(settings: Settings) -> frozenset[str]:
    """The accounts whose server is Exchange Online."""
    return frozenset(f"{own.username}@{own.host}" for own in settings.imap if own.border == "microsoft365")


def pickups(found: list[Source], store: Store, node: str, reports: Callable[[str], Reports]) -> list[Pickup]:
    """The bridges; `reports` makes what hears of one, by its name."""
    return [Pickup(source, store, node, reports(f"{source.account.name}/{source.account.folder}")) for source in found]
