"""The command line: `relais`, also `python -m gateway` (CONTRACT.md).

Exit codes: 0 done, 1 the work failed, 2 wrong usage, 78 wrong configuration with every mistake named. What is slow to
import is imported by the command that needs it, so that help and status come at once.
"""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from pathlib import Path
from typing import Annotated, Any, TextIO

import typer
from typer.core import TyperGroup

from gateway.commands import (
    audit,
    charter,
    communities,
    digests,
    doctor,
    imports,
    mails,
    members,
    people,
    queues,
    topics,
)
from gateway.commands.output import AsJson, complain, document, facts, fail, harmless, record, shown
from gateway.commands.session import open_store, read_settings
from gateway.core.clock import utc_now
from gateway.core.errors import ConfigurationError, GatewayError
from gateway.deadline import leave_soon
from gateway.roles import Role

WRONG_CONFIGURATION = 78
"""EX_CONFIG of sysexits.h."""


class Root(TyperGroup):
    """`relais` itself: takes --config anywhere, and turns our exceptions into words and exit codes."""

    def main(self, *args: Any, **kwargs: Any) -> Any:
        """Runs a command line to its end. An output that takes no more is told where that can be."""
        try:
            return super().main(*args, **kwargs)
        except OSError as error:
            # What waits in the buffer would be tried again at exit, and fail again, with a traceback.
            _let_go(sys.stdout)
            with suppress(OSError):
                complain(f"{error.filename or 'cannot write the output'}: {error.strerror or error}")
            sys.exit(1)

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Moves --config PATH to the front, where the global options are. A word must be text, or name a file."""
        for word in args:
            if any("\udc80" <= character <= "\udcff" for character in word) and not os.path.lexists(word):
                raise typer.BadParameter(f"{harmless(word)!r} is not UTF-8, and there is no such file")
        front: list[str] = []
        rest: list[str] = []
        words = iter(args)
        for word in words:
            if word == "--":
                rest += [word, *words]
            elif word == "--config":
                front += [word, *([value] if (value := next(words, None)) is not None else [])]
            elif word.startswith("--config="):
                front.append(word)
            else:
                rest.append(word)
        parsed: list[str] = super().parse_args(ctx, front + rest)
        return parsed

    def invoke(self, ctx: Any) -> Any:
        """Runs the command."""
        try:
            return super().invoke(ctx)
        except ConfigurationError as error:
            for key, text in error.mistakes:
                complain(f"{key}: {text}")
            raise typer.Exit(WRONG_CONFIGURATION) from error
        except GatewayError as error:
            complain(str(error))
            raise typer.Exit(1) from error


app = typer.Typer(
    cls=Root,
    name="relais",
    help="Relais, an email-first collaboration gateway: mail is the way into the company's communities.",
    epilog="Exit codes: 0 done, 1 the work failed, 2 wrong usage, 78 wrong configuration.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)


@app.callback()
def choose(
    config: Annotated[
        Path | None,
        typer.Option(metavar="PATH", help="The settings; by default $RELAIS_CONFIG, then ./settings.toml."),
    ] = None,
) -> None:
    """Relais, an email-first collaboration gateway: mail is the way into the company's communities."""


@app.command()
def init(
    ctx: typer.Context,
    admin: Annotated[str, typer.Option(metavar="EMAIL", help="Who administers the network.")] = "",
) -> None:
    """Make the database or bring it up to date, the secret, and the first administrator. May be run again."""
    settings = read_settings(ctx)
    from gateway import keys
    from gateway.commands import values
    from gateway.core.community import NetworkRole
    from store import migrations
    from store import people as store_people
    from store.blobs import open_blobs
    from store.database import Database

    try:
        first = values.person({"email": admin}, settings, NetworkRole.ADMIN) if admin else None
    except ValueError as error:
        fail(str(error))
    if keys.make(settings.gateway.secret_file):
        typer.echo(f"made the secret {settings.gateway.secret_file}: keep a copy of it")
    keys.load(settings.gateway.secret_file)
    open_blobs(settings.store.blobs, endpoint=settings.store.blobs_endpoint)
    database = Database(settings.store.url)
    try:
        if migrations.current(database) != migrations.HEAD:
            # Nobody's tables are changed while they work with them.
            database.hold()
            migrations.upgrade(database)
            typer.echo(f"made the tables, schema {migrations.HEAD}")
        if first:
            with database.transaction() as tx:
                [added] = store_people.add(tx, [first], utc_now())
                known = None if added else store_people.find(tx, first.address)
                if known:
                    store_people.set_role(tx, known.id, NetworkRole.ADMIN)
            typer.echo(f"{shown(str(first.address))} is an administrator")
    finally:
        database.close()
    typer.echo("ready")


@app.command()
def serve(
    ctx: typer.Context,
    role: Annotated[
        list[Role] | None, typer.Option("--role", metavar="ROLE", help=f"One or more of: {', '.join(Role)}.")
    ] = None,
) -> None:
    """Serve until SIGTERM: all roles, or some of them on this node."""
    settings = read_settings(ctx)
    from gateway.app import ALL_ROLES, App
    from gateway.deadline import run_alone
    from gateway.observe import set_up_logs

    set_up_logs()

    async def run() -> None:
        await App(settings).run(tuple(dict.fromkeys(role)) if role else ALL_ROLES)

    run_alone(run())


@app.command()
def drain(
    ctx: typer.Context,
    timeout: Annotated[float | None, typer.Option(metavar="S", min=0, help="Give up after so many seconds.")] = None,
) -> None:
    """Work until the spool and the due deliveries are empty; exit 1 where they are not in time."""
    settings = read_settings(ctx)
    from contextlib import closing

    from gateway import draining
    from gateway.app import App
    from gateway.commands.session import require_database_file
    from gateway.deadline import run_alone
    from gateway.observe import set_up_logs

    require_database_file(settings)
    set_up_logs()

    async def run() -> bool:
        app = App(settings)
        with closing(app.database):
            return await draining.drain(app, timeout)

    if not run_alone(run()):
        fail("not everything was done in time")


@app.command()
def status(ctx: typer.Context, as_json: AsJson = False) -> None:
    """Count what waits, what was sent, and who and what there is."""
    with open_store(read_settings(ctx)) as database:
        from store import arrivals, deliveries, figures, pickups, switches
        from store.switches import Switch

        now = utc_now()
        with database.reading() as tx:
            waiting = arrivals.counts(tx, now)
            outgoing = deliveries.counts(tx)
            there = figures.count(tx)
            oldest = [arrivals.oldest(tx), deliveries.oldest(tx)]
            paused = switches.since(tx, Switch.DIGESTS_PAUSED)
            mailboxes = pickups.states(tx)
    ages = [max(0, round((now - since).total_seconds())) if since else 0 for since in oldest]
    totals = {
        "posts": there.posts,
        "topics": there.topics,
        "people": there.people,
        "communities": there.communities,
        "digests": there.digests,
        "digests_paused_since": paused,
        "oldest_arrival_s": ages[0],
        "oldest_delivery_s": ages[1],
    }
    if as_json:
        tables = {"arrivals": waiting, "deliveries": outgoing, "mailboxes": [record(state) for state in mailboxes]}
        document({**tables, **totals})
        return
    flat = {
        f"{name}_{state}": n
        for name, by in (("arrivals", waiting), ("deliveries", outgoing))
        for state, n in by.items()
    }
    boxes = {
        f"{state.account}/{state.folder}": f"{state.trouble or 'well'}, since {state.since:%Y-%m-%d %H:%M:%SZ}"
        for state in mailboxes
    }
    facts({**flat, **totals, **boxes})


app.command("doctor")(doctor.doctor)
app.command("explain")(mails.explain)
app.command("accept")(mails.accept)
app.add_typer(queues.arrivals_app, name="arrivals")
app.add_typer(queues.deliveries_app, name="deliveries")
app.add_typer(communities.app, name="community")
app.add_typer(people.app, name="person")
app.add_typer(members.app, name="member")
app.add_typer(imports.app, name="import")
app.add_typer(digests.app, name="digest")
app.add_typer(topics.topics_app, name="topic")
app.add_typer(topics.posts_app, name="post")
app.add_typer(charter.app, name="charter")
app.add_typer(audit.app, name="audit")


def main() -> None:
    """The `relais` script."""
    _mend_streams()
    try:
        app()
    except SystemExit as ended:
        # A thread that hangs in a system call holds nobody up.
        leave_soon(ended.code if isinstance(ended.code, int) else int(ended.code is not None))
        raise


def _mend_streams() -> None:
    """A mail may hold anything, a terminal may know less, and a stream may be closed: printing does not fail for it."""
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, "w"))  # noqa: SIM115, PTH123 (for as long as the program runs)
        getattr(sys, name).reconfigure(errors="backslashreplace")


def _let_go(stream: TextIO) -> None:
    """Whatever is still written to it goes nowhere. Only for a stream with a file of its own."""
    with suppress(OSError, ValueError), open(os.devnull, "w") as nowhere:  # noqa: PTH123
        os.dup2(nowhere.fileno(), stream.fileno())
