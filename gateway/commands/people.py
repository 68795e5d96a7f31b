"""relais person: the people of the network, one by one; `relais import people` takes many."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated

import typer

from gateway.commands.addresses import app as addresses
from gateway.commands.erasing import erase_person
from gateway.commands.exporting import export_person
from gateway.commands.output import AsJson, complain, document, facts, fail, record, shown, table
from gateway.commands.session import open_store, read_settings
from gateway.core.audit import Act, Entry, Hand
from gateway.core.clock import utc_now
from gateway.core.community import NetworkRole, PersonState
from gateway.core.rhythm import WEEKDAYS

app = typer.Typer(no_args_is_help=True, help="People: add, change, list, show, export and erase them.")
app.command("export")(export_person)
app.command("erase")(erase_person)
app.add_typer(addresses, name="address")

Email = Annotated[str, typer.Argument(metavar="EMAIL", help="The person's mail address.")]


@app.command("add")
def add_person(
    ctx: typer.Context,
    email: Email,
    name: Annotated[str, typer.Option(help="The name others see.")] = "",
    locale: Annotated[str, typer.Option(metavar="fr|en", help="Language; by default that of the settings.")] = "",
    timezone: Annotated[str, typer.Option(metavar="ZONE", help="Such as Europe/Paris; by default the settings'.")] = "",
    role: Annotated[NetworkRole, typer.Option(help="admin may do everything in the network.")] = NetworkRole.MEMBER,
    robot: Annotated[
        bool, typer.Option("--robot", help="A machine: posts where it is a member, gets nothing.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Add a person with one verified address; or a robot, as a scanner or a monitor is."""
    settings = read_settings(ctx)
    with open_store(settings) as database:
        from gateway.commands import values
        from store import people

        try:
            new = values.person({"email": email, "name": name, "locale": locale, "timezone": timezone}, settings, role)
        except ValueError as error:
            fail(str(error))
        if robot and role is NetworkRole.ADMIN:
            fail("a robot runs nothing: it cannot be an administrator")
        new = replace(new, state=PersonState.ROBOT if robot else PersonState.ACTIVE)
        with database.transaction() as tx:
            [person_id] = people.add(tx, [new], utc_now())
    if person_id is None:
        fail(f"{new.address}: somebody has this address already")
    if as_json:
        document({"id": person_id, "email": str(new.address)})
    else:
        typer.echo(f"added {shown(str(new.address))}")


@app.command("set")
def set_person(
    ctx: typer.Context,
    email: Email,
    name: Annotated[str | None, typer.Option(help="The name others see.")] = None,
    locale: Annotated[str | None, typer.Option(metavar="fr|en", help="Language of their mails.")] = None,
    timezone: Annotated[str | None, typer.Option(metavar="ZONE", help="Such as Europe/Paris.")] = None,
    digest_at: Annotated[
        str | None, typer.Option(metavar="HH:MM", help="The hour of their digests; '' for the network's.")
    ] = None,
    digest_on: Annotated[
        str | None, typer.Option(metavar="DAY", help="The day of their weekly one, as monday; '' for the network's.")
    ] = None,
    quiet: Annotated[
        str | None,
        typer.Option(
            metavar="HH:MM-HH:MM", help="When nothing is sent to them; none for never, '' for the network's hours."
        ),
    ] = None,
    urgent: Annotated[
        bool | None, typer.Option("--urgent/--no-urgent", help="Urgent posts of managers may pass their quiet hours.")
    ] = None,
    named: Annotated[
        bool | None, typer.Option("--named/--not-named", help="Whether WHO tells other members their name.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Change what is given of a person and leave the rest."""
    settings = read_settings(ctx)
    with open_store(settings) as database:
        from gateway.commands import values
        from store import people
        from store.people import Traits

        try:
            mailbox = values.mailbox(email, settings)
            traits = values.traits(Traits(name, locale, timezone, digest_at, digest_on, quiet, urgent, named))
        except ValueError as error:
            fail(str(error))
        with database.transaction() as tx:
            person = people.find(tx, mailbox)
            if person is None:
                fail(f"{mailbox}: nobody has this address")
            people.change(tx, person.id, traits)
            now = people.get_all(tx, [person.id])[person.id]
    document(record(now)) if as_json else typer.echo(f"changed {shown(now.address)}")


@app.command("suspend")
def suspend_person(ctx: typer.Context, email: Email) -> None:
    """Suspend a person: nothing is sent to them, their mails are held, their links are dead; their posts stay."""
    _turn(ctx, email, PersonState.ACTIVE, PersonState.SUSPENDED)


@app.command("restore")
def restore_person(ctx: typer.Context, email: Email) -> None:
    """Bring back a person who was suspended."""
    _turn(ctx, email, PersonState.SUSPENDED, PersonState.ACTIVE)


def _turn(ctx: typer.Context, email: str, before: PersonState, after: PersonState) -> None:
    settings = read_settings(ctx)
    with open_store(settings) as database:
        from gateway.commands import values
        from store import audit, people

        try:
            mailbox = values.mailbox(email, settings)
        except ValueError as error:
            fail(str(error))
        with database.transaction() as tx:
            person = people.find(tx, mailbox)
            if person is None:
                fail(f"{mailbox}: nobody has this address")
            if person.state is not before:
                fail(f"{mailbox} is {person.state.value}, not {before.value}")
            if [admin.id for admin in people.admins(tx)] == [person.id]:
                fail(f"{mailbox} is the only administrator: name another one first")
            people.set_state(tx, person.id, after)
            act = Act.PERSON_SUSPENDED if after is PersonState.SUSPENDED else Act.PERSON_RESTORED
            audit.record(tx, Entry(act, Hand.CLI, person_id=person.id), utc_now())
    typer.echo(f"{shown(person.address)} is {after.value}")


@app.command("reach")
def reach_person(ctx: typer.Context, email: Email) -> None:
    """Write again to a person whose address failed, without waiting for a probe: what they missed comes in one mail."""
    settings = read_settings(ctx)
    with open_store(settings) as database:
        from gateway.commands import values
        from store import audit, people, unreachable

        try:
            mailbox = values.mailbox(email, settings)
        except ValueError as error:
            fail(str(error))
        with database.transaction() as tx:
            person = people.find(tx, mailbox)
            if person is None:
                fail(f"{mailbox}: nobody has this address")
            if not unreachable.let_in(tx, person.id, utc_now()):
                fail(f"{mailbox} is not unreachable")
            audit.record(tx, Entry(Act.PERSON_REACHABLE, Hand.CLI, person_id=person.id), utc_now())
    typer.echo(f"{shown(person.address)} is written to again")


@app.command("list")
def list_people(ctx: typer.Context, as_json: AsJson = False) -> None:
    """List all people by address."""
    with open_store(read_settings(ctx)) as database:
        from store import people

        with database.reading() as tx:
            if as_json:
                document({"people": [record(person) for person in people.stream(tx)]})
                return
            rows = ((p.address, p.name, p.locale, p.timezone, p.role, p.state) for p in people.stream(tx))
            table(("EMAIL", "NAME", "LOCALE", "TIMEZONE", "ROLE", "STATE"), rows)


@app.command("show")
def show_person(ctx: typer.Context, email: Email, as_json: AsJson = False) -> None:
    """Show one person: addresses, memberships with role and pace, and mails to them that failed."""
    settings = read_settings(ctx)
    with open_store(settings) as database:
        from gateway.commands import values
        from store import digests, failures, memberships, people, unreachable

        try:
            mailbox = values.mailbox(email, settings)
        except ValueError as error:
            fail(str(error))
        with database.reading() as tx:
            person = people.find(tx, mailbox)
            lost = unreachable.find(tx, person.id) if person else None
            failed = failures.days_of(tx, person.id) if person else []
            addresses = people.addresses_of(tx, person.id) if person else []
            places = memberships.of_person(tx, person.id) if person else []
            reader = digests.readers(tx, [person.id]).get(person.id) if person else None
            quiet, urgent = people.quiet_of(tx, person.id) if person else (None, False)
    if person is None:
        fail(f"{mailbox}: nobody has this address")
    if as_json:
        document(
            {
                **record(person),
                "digest_at": reader.at if reader else None,
                "digest_on": WEEKDAYS[reader.on] if reader and reader.on is not None else None,
                "quiet_hours": quiet,
                "urgent_allowed": urgent,
                "unreachable_since": lost.since if lost else None,
                "probe_due_at": lost.probe_due_at if lost else None,
                "failures": [{"day": day, "kind": k, "status": code, "cause": why} for day, k, code, why in failed],
                "addresses": [{"address": key, "verified": verified} for key, verified in addresses],
                "memberships": [{"community": c.address, "role": m.role, "pace": m.pace} for c, m in places],
            }
        )
        return
    hours = quiet or "(the network's)"
    facts(
        {
            **record(person),
            "quiet_hours": hours,
            "urgent_allowed": urgent,
            "addresses": ", ".join(key for key, _ in addresses),
            **({"unreachable_since": lost.since, "probe_due_at": lost.probe_due_at} if lost else {}),
        }
    )
    if failed:
        typer.echo()
        table(("FAILED ON", "KIND", "STATUS", "CAUSE"), failed)
    if places:
        typer.echo()
        table(("COMMUNITY", "ROLE", "PACE"), ((c.address, m.role, m.pace or f"({c.pace})") for c, m in places))
    else:
        complain("member of no community")
