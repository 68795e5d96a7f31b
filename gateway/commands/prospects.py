"""What `relais digest forecast` prints: an effect in words, or as an object of a JSON document."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import typer

from gateway.commands.output import facts, record, table

if TYPE_CHECKING:
    from gateway.forecasting import Place, Prospect, SteppingDown
    from store.silence import Patience

_TIMES = 3


def numbers(seen: Prospect) -> dict[str, object]:
    """The effect as an object of a JSON document."""
    effect = seen.effect
    now, after = effect.now, effect.after
    difference = (after.mails_per_week - now.mails_per_week) / effect.people / 7 if effect.people else 0.0
    return {
        "people": effect.people,
        "keep_their_choice": effect.keep,
        "mails_per_week": {"now": round(now.mails_per_week, 2), "after": round(after.mails_per_week, 2)},
        "mails_per_person_and_day": round(difference, 2),
        "next_digests": {
            name: [{"at": at, "people": number} for at, number in times]
            for name, times in (("now", now.next_digests), ("after", after.next_digests))
        },
        "communities": [{**record(place), "posts_per_week": round(place.posts_per_week, 2)} for place in seen.places],
    }


def tell_effect(seen: Prospect, days: int, zone: ZoneInfo, *, changes: bool) -> None:
    """The effect in words; without `changes` only how things are. Times are shown in that zone."""
    effect = seen.effect
    now, after = effect.now, effect.after
    concerned = f"{effect.people} {'person' if effect.people == 1 else 'people'}"
    if changes:
        facts(
            {
                "touched": concerned,
                "keep their own choice": effect.keep,
                "mails a week now": f"{now.mails_per_week:.1f}",
                "mails a week after": f"{after.mails_per_week:.1f}",
                "that is": _each(seen),
                "next digests now": _times(now.next_digests, zone),
                "next digests after": _times(after.next_digests, zone),
                "judged by": f"posts of the last {days} days, in all communities of those touched",
            }
        )
    else:
        facts(
            {
                "members": concerned,
                "mails a week": f"{now.mails_per_week:.1f}",
                "next digests": _times(now.next_digests, zone),
                "judged by": f"posts of the last {days} days, in all communities of these members",
            }
        )
    if seen.places:
        typer.echo()
        columns = ("COMMUNITY", "PACE", "MEMBERS", "FOLLOW IT", "OWN CHOICES", "POSTS/WEEK", "NEXT DIGEST")
        table(columns, (_row(place, zone) for place in seen.places))


def tell_silence(seen: SteppingDown, patience: Patience) -> None:
    """Whom stepping down would touch, in words."""
    people = {number: f"{number} {'person' if number == 1 else 'people'}" for number in (seen.to_daily, seen.to_weekly)}
    facts(
        {
            "each → daily": people[seen.to_daily],
            "daily → weekly": people[seen.to_weekly],
            "judged by": f"no sign of theirs for {patience.days} days, and {patience.mails} mails or more meanwhile",
        }
    )


def _each(seen: Prospect) -> str:
    effect = seen.effect
    difference = effect.after.mails_per_week - effect.now.mails_per_week
    if not effect.people or abs(difference) < 0.05 * effect.people:
        return "about as many mails as now"
    each = abs(difference) / effect.people
    number = f"{each / 7:.1f} mails {{}} each a day" if each >= 7 else f"{each:.1f} mails {{}} each a week"
    return "about " + number.format("more" if difference > 0 else "fewer")


def _row(place: Place, zone: ZoneInfo) -> tuple[str | int, ...]:
    chose = ", ".join(f"{number} {pace}" for pace, number in place.chose.items())
    pace = place.pace if place.pace is place.new_pace else f"{place.pace} → {place.new_pace}"
    following = f"{place.posts_per_week:.1f}"
    next_at = local(place.new_next_at, zone) if place.new_next_at else "-"
    return place.address, pace, place.members, place.follow_default, chose or "-", following, next_at


def _times(times: tuple[tuple[datetime, int], ...], zone: ZoneInfo) -> str:
    """The first of them in words, and how many more there are."""
    named = ", ".join(f"{local(at, zone)} ({number})" for at, number in times[:_TIMES])
    return f"{named} and {len(times) - _TIMES} more" if len(times) > _TIMES else named or "none"


def local(at: datetime, zone: ZoneInfo) -> str:
    """A time as that zone shows it."""
    return at.astimezone(zone).strftime("%a %Y-%m-%d %H:%M %Z")
