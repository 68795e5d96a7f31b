"""Words of administrators → people, communities and memberships, checked: for single commands and for whole files.

Every function raises ValueError in words that name the value and what is wrong with it.
"""

from __future__ import annotations

import re
import zoneinfo
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from enum import StrEnum
from functools import lru_cache
from typing import TYPE_CHECKING, TypeVar

from gateway import naming
from gateway.commands.words import CommunityPace
from gateway.core import address, rhythm
from gateway.core.address import Address, AddressError
from gateway.core.community import (
    RESTRICTABLE,
    Community,
    CommunityKind,
    JoinPolicy,
    NetworkRole,
    Pace,
    PostPolicy,
    Role,
)
from store.communities import NewCommunity
from store.people import NewPerson, Traits

if TYPE_CHECKING:
    from gateway.settings import Settings

LOCALES = ("fr", "en")
_DESCRIPTION = 2000
_FIRST_YEAR, _LAST_YEAR = 2025, 2099

Words = TypeVar("Words", bound=StrEnum)


@dataclass(frozen=True, slots=True)
class NewMembership:
    """A membership to be added, its person and community still by name."""

    person: Address
    community: str
    role: Role
    pace: Pace | None


def mailbox(text: str, settings: Settings) -> Address:
    """The address of a person: never one of our own, which are the communities' and nobody's mailbox."""
    try:
        found = address.parse(text.strip())
    except AddressError as error:
        raise ValueError(f"{text.strip() or 'empty'}: not a mail address ({error})") from error
    if settings.ours.holds(found.key):
        raise ValueError(f"{found}: an address of the gateway itself, which is nobody's mailbox")
    return found


def person(values: Mapping[str, str], settings: Settings, role: NetworkRole = NetworkRole.MEMBER) -> NewPerson:
    """From email, name, locale and timezone; empty ones take the defaults of the settings."""
    locale = values.get("locale", "").strip().lower() or settings.gateway.locale
    if locale not in LOCALES:
        raise ValueError(f"{locale}: not a language we speak ({', '.join(LOCALES)})")
    return NewPerson(
        mailbox(values["email"], settings),
        naming.shown_text(values.get("name", "")),
        locale,
        time_zone(values.get("timezone", "").strip() or settings.gateway.timezone),
        role,
        external_id=naming.shown_text(values.get("id", "")) or None,
    )


def listed_person(values: Mapping[str, str], settings: Settings) -> NewPerson:
    """The same, of a file of people."""
    return replace(person(values, settings), listed=True)


def mailboxes(text: str, settings: Settings) -> tuple[Address, ...]:
    """Several addresses of a person, with blanks, commas or semicolons between."""
    return tuple(mailbox(part, settings) for part in re.split(r"[\s,;]+", text) if part)


def traits(typed: Traits) -> Traits:
    """What is to change of a person as it was typed, read and checked; None for what stays."""
    if typed.locale is not None and typed.locale.strip().lower() not in LOCALES:
        raise ValueError(f"{typed.locale}: not a language we speak ({', '.join(LOCALES)})")
    return replace(
        typed,
        name=naming.shown_text(typed.name) if typed.name is not None else None,
        locale=typed.locale.strip().lower() if typed.locale is not None else None,
        timezone=time_zone(typed.timezone.strip()) if typed.timezone is not None else None,
        digest_at=_read(typed.digest_at, lambda hour: rhythm.parse_hour(hour).strftime("%H:%M")),
        digest_on=_read(typed.digest_on, lambda day: str(rhythm.parse_weekday(day))),
        quiet_hours=_read(typed.quiet_hours, rhythm.parse_personal_quiet),
    )


def _read(typed: str | None, read: Callable[[str], str]) -> str | None:
    """The value, where one was typed; "" for the network's stays."""
    try:
        return read(typed) if typed else typed
    except ValueError as error:
        raise ValueError(f"{typed}: {error}") from error


def community(values: Mapping[str, str], settings: Settings) -> NewCommunity:
    """From address, name, kind, pace, join, post and description; empty ones take the defaults."""
    pace = word(CommunityPace, values.get("pace", ""), CommunityPace.EACH)
    return NewCommunity(
        address=naming.community_address(values["address"], settings.smtp.separator),
        name=title(values.get("name", "")),
        kind=word(CommunityKind, values.get("kind", ""), CommunityKind.INTEREST),
        pace=Pace(pace.value),
        join=word(JoinPolicy, values.get("join", ""), JoinPolicy.OPEN),
        post=word(PostPolicy, values.get("post", ""), PostPolicy.MEMBERS),
        description=description(values.get("description", "")),
    )


def allowed_paces(text: str, default: Pace) -> tuple[Pace, ...]:
    """Paces with commas between, as a community allows them to its members, the default being one; "all" is ()."""
    if text.strip().lower() == "all":
        return ()
    chosen = {Pace(word(CommunityPace, part, CommunityPace.EACH).value) for part in text.split(",") if part.strip()}
    if not chosen:
        raise ValueError(f"{text}: no pace: name some of {', '.join(CommunityPace)}, or all")
    allowed = tuple(pace for pace in RESTRICTABLE if pace in chosen)
    return require_default(() if allowed == RESTRICTABLE else allowed, default)


def require_default(allowed: tuple[Pace, ...], default: Pace) -> tuple[Pace, ...]:
    """These paces. ValueError where they lack the one at which a community's members hear who chose nothing."""
    if allowed and default not in allowed:
        raise ValueError(f"{default.value}: who chose nothing hears at this pace, and it is none of {_listed(allowed)}")
    return allowed


def require_allowed(community: Community, pace: Pace | None) -> None:
    """ValueError where members of that community may not choose this pace."""
    if pace and not community.allows(pace):
        raise ValueError(f"{pace.value}: {community.address} allows {_listed(community.allowed_paces)} only")


def _listed(paces: tuple[Pace, ...]) -> str:
    return ", ".join(pace.value for pace in paces)


def title(text: str) -> str:
    """The name of a community."""
    shown = naming.shown_text(text)
    if not shown:
        raise ValueError("empty: a community needs a name")
    return shown


def description(text: str) -> str:
    """What a community says of itself."""
    return naming.shown_text(text, longest=_DESCRIPTION)


def membership(values: Mapping[str, str], settings: Settings) -> NewMembership:
    """From email, community, role and pace; an empty pace follows the community."""
    pace = values.get("pace", "").strip()
    return NewMembership(
        mailbox(values["email"], settings),
        naming.community_address(values["community"], settings.smtp.separator),
        word(Role, values.get("role", ""), Role.MEMBER),
        word(Pace, pace, Pace.EACH) if pace else None,
    )


def word(words: type[Words], text: str, default: Words) -> Words:
    """One of these words, whatever its case; the default where there is none."""
    given = text.strip().lower()
    try:
        return words(given) if given else default
    except ValueError as error:
        raise ValueError(f"{given}: not one of {', '.join(words)}") from error


@lru_cache(maxsize=1024)
def time_zone(text: str) -> str:
    """The name of a time zone, such as Europe/Paris."""
    try:
        zoneinfo.ZoneInfo(text)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise ValueError(f"{text}: not a time zone such as Europe/Paris") from error
    return text


def moment(text: str, timezone: str) -> datetime:
    """A date and time of ISO 8601; without a zone it is that of this time zone. Returns it in UTC."""
    try:
        found = datetime.fromisoformat(text.strip())
    except ValueError as error:
        raise ValueError(f"{text}: not a date and time such as 2027-03-08T07:30") from error
    if not _FIRST_YEAR <= found.year <= _LAST_YEAR:
        raise ValueError(f"{text}: not between {_FIRST_YEAR} and {_LAST_YEAR}")
    zoned = found.replace(tzinfo=zoneinfo.ZoneInfo(timezone)) if found.tzinfo is None else found
    return zoned.astimezone(UTC)
