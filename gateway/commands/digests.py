"""relais digest: close what is due, see what somebody would get and why, and what another default would change."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import datetime, time
from typing import TYPE_CHECKING, Annotated
from zoneinfo import ZoneInfo

import typer

from gateway.commands.output import AsJson, Cell, complain, document, facts, fail, on_screen, record, shown, table
from gateway.commands.session import read_settings, require_database_file
from gateway.commands.words import DigestCadence, MailFormat, NewPace
from gateway.core import rhythm
from gateway.core.clock import utc_now
from gateway.core.community import Pace
from gateway.core.digest import Cadence

if TYPE_CHECKING:
    from gateway.app import App
    from gateway.forecasting import Place, Prospect
    from gateway.previewing import PreviewedMail, Silence

_TIMES = 3

app = typer.Typer(no_args_is_help=True, help="Digests: close them, look at one before it leaves, weigh a change.")

Now = Annotated[
    str | None,
    typer.Option(metavar="ISO", help="Such as 2027-03-08T07:30, in the network's time zone; by default now."),
]


@app.command("run")
def run_digests(ctx: typer.Context, now: Now = None, as_json: AsJson = False) -> None:
    """Close every digest that is due at that time and queue it to leave now, whatever the clock says."""
    with _gateway(ctx) as gateway:
        at = _moment(now, gateway)
        made = gateway.rounds().run_by_hand(at, utc_now())
    if as_json:
        document({"closed": made, "now": at})
    else:
        typer.echo(f"{made} {'digest' if made == 1 else 'digests'} closed")


@app.command("preview")
def preview_digest(
    ctx: typer.Context,
    email: Annotated[str, typer.Argument(metavar="EMAIL", help="Whose digest.")],
    cadence: Annotated[DigestCadence, typer.Option(help="Which of their digests.")],
    now: Now = None,
    form: Annotated[
        MailFormat | None, typer.Option("--format", help="What is printed: one part, or the whole mail. [text]")
    ] = None,
    why: Annotated[
        bool, typer.Option("--why", help="Say why each topic is there; with --format beside the mail, on stderr.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Show the next digest of a person as it would leave, if nobody posted anything more. Sends and changes nothing.

    Its links and addresses open nothing: what is shown to an administrator gives no power over somebody else's mail.
    """
    with _gateway(ctx) as gateway:
        from gateway.commands import values
        from gateway.previewing import Silence, preview_mail

        try:
            mailbox = values.mailbox(email, gateway.settings)
        except ValueError as error:
            fail(str(error))
        mail = preview_mail(gateway, mailbox, Cadence(cadence.value), _moment(now, gateway))
        zone = gateway.settings.gateway.timezone
    if isinstance(mail, Silence):
        _tell_silence(mail, str(mailbox), cadence, as_json=as_json)
        return
    shape = form or MailFormat.TEXT
    if as_json:
        _document_mail(mail, str(mailbox), cadence, shape)
        return
    if why:
        _tell_reasons(mail, zone, beside=form is not None)
    if form or not why:
        typer.echo(on_screen(_content(mail, shape)), nl=False)


@app.command("forecast")
def forecast_change(
    ctx: typer.Context,
    community: Annotated[
        str | None, typer.Option(metavar="LOCALPART", help="One community; by default all of them.")
    ] = None,
    pace: Annotated[NewPace | None, typer.Option(help="Another pace for those who chose none.")] = None,
    at: Annotated[str | None, typer.Option(metavar="HH:MM", help="Another hour of digests for the network.")] = None,
    days: Annotated[int, typer.Option(metavar="N", min=7, max=365, help="Judge by the posts of so many days.")] = 28,
    as_json: AsJson = False,
) -> None:
    """Say whom a change would touch and how many mails they would get, before it is made. Changes nothing.

    Without --pace and --at it says how things are.
    """
    hour = _hour(at)
    with _gateway(ctx) as gateway:
        from gateway.forecasting import Change, look_ahead

        wanted = Change(community.strip().lower() if community else None, Pace(pace.value) if pace else None, hour)
        seen = look_ahead(gateway, wanted, utc_now(), days)
        zone = gateway.settings.gateway.timezone
    if as_json:
        change = {"community": wanted.community, "pace": wanted.pace, "at": hour.strftime("%H:%M") if hour else None}
        document({"change": change, "days": days, **_numbers(seen)})
        return
    _tell_effect(seen, days, ZoneInfo(zone), changes=bool(pace or hour))


@contextmanager
def _gateway(ctx: typer.Context) -> Iterator[App]:
    """The gateway of these settings. Raises ConfigurationError where `relais init` has not been."""
    settings = read_settings(ctx)
    require_database_file(settings)
    from gateway.app import App
    from gateway.observe import set_up_logs

    set_up_logs()
    gateway = App(settings)
    with closing(gateway.database):
        gateway.require_schema()
        yield gateway


def _moment(text: str | None, gateway: App) -> datetime:
    from gateway.commands import values

    if text is None:
        return gateway.clock()
    try:
        return values.moment(text, gateway.settings.gateway.timezone)
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint="--now") from error


def _hour(text: str | None) -> time | None:
    try:
        return rhythm.parse_hour(text) if text is not None else None
    except ValueError as error:
        raise typer.BadParameter(f"{text}: {error}", param_hint="--at") from error


def _tell_silence(silence: Silence, email: str, cadence: DigestCadence, *, as_json: bool) -> None:
    if as_json:
        document({"email": email, "cadence": cadence, "no_mail": silence, "items": []})
        return
    words = {
        "suspended": "this person is suspended",
        "paused": "this person paused their mail",
        "follows_nothing": f"this person follows no community at the pace {cadence.value}",
        "nothing_new": "there is nothing new for this person",
        "too_little": "there are fewer new topics than digests.min_items: they wait for the next one",
    }
    complain(f"{email}: no {cadence.value} digest would leave: {words[silence.value]}")


def _document_mail(mail: PreviewedMail, email: str, cadence: DigestCadence, shape: MailFormat) -> None:
    document(
        {
            "email": email,
            "cadence": cadence,
            "no_mail": None,
            "leaves_at": mail.leaves_at,
            "day": mail.day,
            "subject": mail.subject,
            "size": len(mail.raw),
            "left_out": mail.left_out,
            "items": [{**record(one), "why": one.why.split(", ")} for one in mail.reasons],
            "format": shape,
            "content": _content(mail, shape),
        }
    )


def _content(mail: PreviewedMail, shape: MailFormat) -> str:
    match shape:
        case MailFormat.EML:
            return mail.raw.decode("ascii")
        case MailFormat.HTML:
            return mail.part("html")
        case MailFormat.TEXT:
            return mail.part("plain")


def _tell_reasons(mail: PreviewedMail, zone: str, *, beside: bool) -> None:
    leaves = _local(mail.leaves_at, ZoneInfo(zone))
    complain(f"{mail.subject}\nleaves {leaves}, {len(mail.raw)} octets, {mail.left_out} topics left out")
    columns = ("TOPIC", "TITLE", "COMMUNITY", "SECTION", "SHAPE", "NEWS", "SCORE", "WHY")
    rows: list[tuple[Cell, ...]] = [
        (f"#{r.topic}", r.title, r.community, r.section, r.shape, r.news, f"{r.score:.2f}", r.why.replace("_", " "))
        for r in mail.reasons
    ]
    if not beside:
        table(columns, rows)
        return
    complain("\t".join(columns))
    for row in rows:
        complain("\t".join(map(shown, row)))


def _numbers(seen: Prospect) -> dict[str, object]:
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


def _tell_effect(seen: Prospect, days: int, zone: ZoneInfo, *, changes: bool) -> None:
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
    next_at = _local(place.new_next_at, zone) if place.new_next_at else "-"
    return place.address, pace, place.members, place.follow_default, chose or "-", following, next_at


def _times(times: tuple[tuple[datetime, int], ...], zone: ZoneInfo) -> str:
    """The first of them in words, and how many more there are."""
    named = ", ".join(f"{_local(at, zone)} ({number})" for at, number in times[:_TIMES])
    return f"{named} and {len(times) - _TIMES} more" if len(times) > _TIMES else named or "none"


def _local(at: datetime, zone: ZoneInfo) -> str:
    return at.astimezone(zone).strftime("%a %Y-%m-%d %H:%M %Z")
