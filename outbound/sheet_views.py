"""What the templates of a notice see of a sheet: settings, communities and members, in the reader's language.

Called by outbound.receipt_views. Names are cleaned here of control characters.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import time

from gateway.core.command import HelpLine
from gateway.core.notice import NoticeMail
from gateway.core.sheet import PlaceLine
from gateway.core.zones import zone_named
from outbound.headers import clean
from outbound.language import Language

_MAX_NAME = 60
_MAX_DESCRIPTION = 160


@dataclass(frozen=True, slots=True)
class PlaceView:
    """A community as its line tells it."""

    name: str
    address: str
    """Its local part."""
    description: str
    members: int
    members_shown: str
    join: str
    pace: str
    """"" for who is no member."""
    is_own_pace: bool


@dataclass(frozen=True, slots=True)
class SheetView:
    """What was asked for; what was not is empty."""

    lines: tuple[HelpLine, ...]
    words: str
    """What nobody understood; "" where that is not why."""
    places: tuple[PlaceView, ...]
    names: tuple[str, ...]
    others: int
    """Members who are not named."""
    others_shown: str
    language: str
    zone: str
    hour: str
    paused: bool
    until: str
    """The day on which the pause ends; "" where none was named."""
    name: str
    addresses: tuple[str, ...]
    holdings: tuple[tuple[str, int, str], ...]
    """(kind, count, the count as it is shown) of what is stored."""
    accepted: str
    """The day on which the charter was accepted; "" for never."""


def sheet_view(mail: NoticeMail, daily_at: time, language: Language) -> SheetView | None:
    """The sheet of an answer to a command; None where it is none."""
    sheet, obeyed = mail.sheet, mail.obeyed
    if sheet is None or obeyed is None:
        return None
    until = sheet.paused_until.astimezone(zone_named(sheet.timezone)).date() if sheet.paused_until else None
    others = max(0, sheet.members - len(sheet.names))
    return SheetView(
        lines=obeyed.lines,
        words=clean(obeyed.words, _MAX_NAME),
        places=tuple(_place(place, language) for place in sheet.places),
        names=tuple(clean(name, _MAX_NAME) for name in sheet.names),
        others=others,
        others_shown=language.number(others),
        language="fr" if sheet.locale[:2].lower() == "fr" else "en",
        zone=clean(sheet.timezone),
        hour=language.hour(sheet.digest_at or daily_at),
        paused=sheet.paused,
        until=language.day(until) if until else "",
        name=clean(sheet.name, _MAX_NAME),
        addresses=tuple(map(clean, sheet.addresses)),
        holdings=tuple((one.kind, one.count, language.number(one.count)) for one in sheet.holdings),
        accepted=language.day(sheet.accepted_at.astimezone(zone_named(sheet.timezone)).date())
        if sheet.accepted_at
        else "",
    )


def _place(place: PlaceLine, language: Language) -> PlaceView:
    return PlaceView(
        name=clean(place.name, _MAX_NAME),
        address=place.address,
        description=clean(place.description, _MAX_DESCRIPTION),
        members=place.members,
        members_shown=language.number(place.members),
        join=place.join,
        pace=place.pace or "",
        is_own_pace=place.is_own_pace,
    )
