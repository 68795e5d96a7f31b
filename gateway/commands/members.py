"""relais member: who is in which community, in which role, at which pace."""

from __future__ import annotations

from typing import Annotated

import typer

from gateway.commands.output import AsJson, document, fail, table
from gateway.commands.session import open_store, read_settings
from gateway.core.audit import Act, Entry, Hand
from gateway.core.clock import utc_now
from gateway.core.community import Pace, Role

app = typer.Typer(no_args_is_help=True, help="Memberships: add, change, remove and list them.")

Email = Annotated[str, typer.Argument(metavar="EMAIL", help="The person's mail address.")]
Place = Annotated[str, typer.Argument(metavar="COMMUNITY", help="The local part of its address.")]


@app.command("add")
def add_member(
    ctx: typer.Context,
    email: Email,
    community: Place,
    role: Annotated[Role | None, typer.Option(help="What the person is there. [member]")] = None,
    pace: Annotated[Pace | None, typer.Option(help="How the person hears. [as the community]")] = None,
    as_json: AsJson = False,
) -> None:
    """Make a person a member; who is one already gets the role and pace that are given."""
    settings = read_settings(ctx)
    with open_store(settings) as database:
        from gateway.commands import values
        from gateway.core.community import Membership
        from store import audit, communities, memberships, paces, people

        try:
            wanted = values.membership({"email": email, "community": community}, settings)
        except ValueError as error:
            fail(str(error))
        with database.transaction() as tx:
            person = people.find(tx, wanted.person)
            place = communities.find(tx, wanted.community)
            if person is None:
                fail(f"{wanted.person}: nobody has this address")
            if place is None:
                fail(f"{wanted.community}: there is no such community")
            try:
                values.require_allowed(place, pace)
            except ValueError as error:
                fail(str(error))
            new = memberships.add(tx, [Membership(place.id, person.id, role or Role.MEMBER, pace)], utc_now())
            if not new and role:
                memberships.set_role(tx, place.id, person.id, role)
            if not new and pace:
                paces.choose(tx, place.id, person.id, pace, utc_now())
            is_now = memberships.get_all(tx, [(place.id, person.id)])[(place.id, person.id)]
            if new or role:
                act = Act.MEMBER_ADDED if new else Act.ROLE_GIVEN
                entry = Entry(act, Hand.CLI, place.id, person.id, detail=is_now.role.value)
                audit.record(tx, entry, utc_now())
    if as_json:
        document({"email": person.address, "community": place.address, "role": is_now.role, "pace": is_now.pace})
    else:
        typer.echo(f"{person.address} is {is_now.role.value} of {place.address}, {(is_now.pace or place.pace).value}")


@app.command("remove")
def remove_member(ctx: typer.Context, email: Email, community: Place, as_json: AsJson = False) -> None:
    """End a membership; what the person wrote stays."""
    settings = read_settings(ctx)
    with open_store(settings) as database:
        from gateway.commands import values
        from store import audit, communities, memberships, people

        try:
            wanted = values.membership({"email": email, "community": community}, settings)
        except ValueError as error:
            fail(str(error))
        with database.transaction() as tx:
            person = people.find(tx, wanted.person)
            place = communities.find(tx, wanted.community)
            gone = bool(person and place and memberships.remove(tx, place.id, person.id))
            if person and place and gone:
                audit.record(tx, Entry(Act.MEMBER_REMOVED, Hand.CLI, place.id, person.id), utc_now())
    if not gone:
        fail(f"{wanted.person} is no member of {wanted.community}")
    if as_json:
        document({"email": str(wanted.person), "community": wanted.community})
    else:
        typer.echo(f"{wanted.person} is no longer a member of {wanted.community}")


@app.command("list")
def list_members(ctx: typer.Context, community: Place, as_json: AsJson = False) -> None:
    """List the members of a community by address."""
    with open_store(read_settings(ctx)) as database:
        from store import communities, memberships

        with database.reading() as tx:
            place = communities.find(tx, community.strip().lower())
            members = memberships.members(tx, place.id) if place else []
    if place is None:
        fail(f"{community}: there is no such community")
    if as_json:
        rows = [{"email": p.address, "name": p.name, "role": m.role, "pace": m.pace} for p, m in members]
        document({"community": place.address, "members": rows})
        return
    columns = ("EMAIL", "NAME", "ROLE", "PACE", "STATE")
    table(columns, ((p.address, p.name, m.role, m.pace or f"({place.pace.value})", p.state) for p, m in members))
