"""relais digest: close what is due, pause them all, see what somebody would get and why, weigh another default."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, TypeVar
from zoneinfo import ZoneInfo

import typer

from gateway.commands import prospects
from gateway.commands.output import AsJson, Cell, complain, document, fail, on_screen, record, shown, table
from gateway.commands.session import open_store, read_settings, require_database_file
from gateway.commands.words import DigestCadence, MailFormat, NewPace
from gateway.core import rhythm
from gateway.core.clock import utc_now
from gateway.core.community import Pace
from gateway.core.digest import Cadence

if TYPE_CHECKING:
    from gateway.app import App
    from gateway.previewing import PreviewedMail, Silence

app = typer.Typer(no_args_is_help=True, help="Digests: close them, look at one before it leaves, weigh a change.")

_T = TypeVar("_T")
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
        paused = _paused_since(gateway)
    if as_json:
        document({"closed": made, "now": at, "paused_since": paused})
        return
    typer.echo(f"{made} {'digest' if made == 1 else 'digests'} closed")
    if paused:
        complain(f"digests are paused since {shown(paused)}: relais digest resume")


@app.command("pause")
def pause_digests(ctx: typer.Context, as_json: AsJson = False) -> None:
    """Pause all digests: none is closed until they are resumed. What is closed already still leaves."""
    _turn(ctx, on=True, as_json=as_json)


@app.command("resume")
def resume_digests(ctx: typer.Context, as_json: AsJson = False) -> None:
    """End the pause: whoever's digest fell due meanwhile gets one, over all of it."""
    _turn(ctx, on=False, as_json=as_json)


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


@app.command("test")
def send_test(
    ctx: typer.Context,
    email: Annotated[str, typer.Argument(metavar="EMAIL", help="Who gets it: an administrator, or the reader.")],
    reader: Annotated[
        str | None, typer.Option("--for", metavar="EMAIL", help="Whose digest; by default that of who gets it.")
    ] = None,
    cadence: Annotated[DigestCadence, typer.Option(help="Which of their digests.")] = DigestCadence.DAILY,
    now: Now = None,
    as_json: AsJson = False,
) -> None:
    """Mail the next digest of a person, as preview shows it, to look at; marked as a test. Changes nothing.

    It is sent at once, in one try. Its links and addresses open nothing.
    """
    with _gateway(ctx) as gateway:
        from gateway.commands import values
        from gateway.core.delivery import DeliveryState
        from gateway.previewing import Silence
        from gateway.sampling import send_sample

        try:
            to = values.mailbox(email, gateway.settings)
            whose = values.mailbox(reader, gateway.settings) if reader else to
        except ValueError as error:
            fail(str(error))
        sent = send_sample(gateway, to, whose, Cadence(cadence.value), _moment(now, gateway))
    if isinstance(sent, Silence):
        _tell_silence(sent, str(whose), cadence, as_json=as_json)
        raise typer.Exit(1)
    answer = str(sent.reply) if sent.reply else sent.detail
    if as_json:
        document({"to": str(to), "for": str(whose), "cadence": cadence, "state": sent.state, "answer": answer})
    elif sent.state is DeliveryState.DELIVERED:
        typer.echo(shown(f"sent to {to}"))
    if sent.state is not DeliveryState.DELIVERED:
        fail(f"not sent to {to}: {answer}")


@app.command("forecast")
def forecast_change(
    ctx: typer.Context,
    community: Annotated[
        str | None, typer.Option(metavar="LOCALPART", help="One community; by default all of them.")
    ] = None,
    pace: Annotated[NewPace | None, typer.Option(help="Another pace for those who chose none.")] = None,
    at: Annotated[str | None, typer.Option(metavar="HH:MM", help="Another hour of digests for the network.")] = None,
    on: Annotated[str | None, typer.Option(metavar="WEEKDAY", help="Another day of weekly digests.")] = None,
    days: Annotated[int, typer.Option(metavar="N", min=7, max=365, help="Judge by the posts of so many days.")] = 28,
    after_days: Annotated[
        int | None, typer.Option(metavar="N", min=7, max=365, help="Stepping down, as step_down.after_days.")
    ] = None,
    after_mails: Annotated[
        int | None, typer.Option(metavar="N", min=1, help="With it, as step_down.after_mails; by default that.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Say whom a change would touch and how many mails they would get, before it is made. Changes nothing.

    Without --pace, --at and --on it says how things are; with --after-days whose pace would step down.
    """
    hour, weekday = _given(at, rhythm.parse_hour, "--at"), _given(on, rhythm.parse_weekday, "--on")
    if after_days is not None:
        if community or pace or at or on:
            raise typer.BadParameter("stands by itself, for the whole network", param_hint="--after-days")
        _forecast_stepping_down(ctx, after_days, after_mails, as_json=as_json)
        return
    with _gateway(ctx) as gateway:
        from gateway.forecasting import Change, look_ahead

        place = community.strip().lower() if community else None
        wanted = Change(place, Pace(pace.value) if pace else None, hour, weekday)
        seen = look_ahead(gateway, wanted, utc_now(), days)
        zone = gateway.settings.gateway.timezone
    if as_json:
        change = {"community": wanted.community, "pace": wanted.pace, "at": hour.strftime("%H:%M") if hour else None}
        change["on"] = None if weekday is None else rhythm.WEEKDAYS[weekday]
        document({"change": change, "days": days, **prospects.numbers(seen)})
        return
    prospects.tell_effect(seen, days, ZoneInfo(zone), changes=bool(pace or at or on))


def _forecast_stepping_down(ctx: typer.Context, days: int, mails: int | None, *, as_json: bool) -> None:
    with _gateway(ctx) as gateway:
        from gateway.forecasting import look_for_silence
        from store.silence import Patience

        patience = Patience(days, mails or gateway.settings.step_down.after_mails)
        seen = look_for_silence(gateway, patience, utc_now())
    if as_json:
        document({"change": {"after_days": patience.days, "after_mails": patience.mails}, **record(seen)})
    else:
        prospects.tell_silence(seen, patience)


def _turn(ctx: typer.Context, *, on: bool, as_json: bool) -> None:
    with open_store(read_settings(ctx)) as database:
        from store import switches
        from store.switches import Switch

        with database.transaction() as tx:
            switch, now = Switch.DIGESTS_PAUSED, utc_now()
            changed = switches.turn_on(tx, switch, now) if on else switches.turn_off(tx, switch)
            since = switches.since(tx, switch)
    if as_json:
        document({"paused_since": since, "changed": changed})
    elif since:
        typer.echo(f"digests are paused since {shown(since)}")
    else:
        typer.echo("digests go on" if changed else "digests were not paused")


def _paused_since(gateway: App) -> datetime | None:
    from store import switches
    from store.switches import Switch

    with gateway.database.reading() as tx:
        return switches.since(tx, Switch.DIGESTS_PAUSED)


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


def _given(text: str | None, parse: Callable[[str], _T], option: str) -> _T | None:
    """The value of an option, where it is given; a wrong one is named."""
    try:
        return parse(text) if text is not None else None
    except ValueError as error:
        raise typer.BadParameter(f"{text}: {error}", param_hint=option) from error


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
    leaves = prospects.local(mail.leaves_at, ZoneInfo(zone))
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
