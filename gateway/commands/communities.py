"""relais community: the places with a posting address."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import TYPE_CHECKING, Annotated

import typer

from gateway.commands.output import AsJson, document, facts, fail, record, shown, table
from gateway.commands.session import open_store, read_settings
from gateway.commands.words import CommunityPace
from gateway.core.audit import Act, Entry, Hand
from gateway.core.clock import utc_now
from gateway.core.community import Community, CommunityKind, JoinPolicy, Pace, PostPolicy, Role

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from gateway.settings import Settings

app = typer.Typer(no_args_is_help=True, help="Communities: add, list, show and change them.")

LocalPart = Annotated[str, typer.Argument(metavar="LOCALPART", help="What stands before the @ of its address.")]
Title = Annotated[str, typer.Option("--name", metavar="TITLE", help="What it is called in mails.")]
NewTitle = Annotated[str | None, typer.Option("--name", metavar="TITLE", help="What it is called in mails.")]
Kind = Annotated[CommunityKind | None, typer.Option(help="What brings its people together. [interest]")]
DefaultPace = Annotated[CommunityPace | None, typer.Option("--pace", help="How members hear who chose nothing. [each]")]
Join = Annotated[JoinPolicy | None, typer.Option(help="Who becomes a member, and how. [open]")]
Posting = Annotated[PostPolicy | None, typer.Option("--post", help="Who may post. [members]")]
Description = Annotated[str | None, typer.Option(metavar="T", help="One or two sentences for those who look for it.")]


@app.command("add")
def add_community(
    ctx: typer.Context,
    localpart: LocalPart,
    name: Title,
    kind: Kind = None,
    pace: DefaultPace = None,
    join: Join = None,
    post: Posting = None,
    description: Description = None,
    as_json: AsJson = False,
) -> None:
    """Add a community; mail to LOCALPART@DOMAIN is a post from then on."""
    settings = read_settings(ctx)
    with open_store(settings) as database:
        from gateway.commands import values
        from store import communities

        given = {
            "address": localpart,
            "name": name,
            "kind": kind,
            "pace": pace,
            "join": join,
            "post": post,
            "description": description,
        }
        try:
            new = values.community({key: value or "" for key, value in given.items()}, settings)
        except ValueError as error:
            fail(str(error))
        with database.transaction() as tx:
            community_id = communities.add(tx, new, utc_now())
    if community_id is None:
        fail(f"{new.address}: there is a community of this address already")
    address = f"{new.address}@{settings.gateway.domain}"
    document({"id": community_id, "address": address}) if as_json else typer.echo(f"added {shown(address)}")


@app.command("list")
def list_communities(ctx: typer.Context, as_json: AsJson = False) -> None:
    """List all communities by address, with their members counted."""
    with open_store(read_settings(ctx)) as database:
        from store import communities

        with database.reading() as tx:
            listed = communities.listing(tx)
    if as_json:
        document({"communities": [{**record(community), "members": members} for community, members in listed]})
        return
    columns = ("ADDRESS", "NAME", "KIND", "PACE", "JOIN", "POST", "MEMBERS", "ARCHIVED")
    table(columns, ((c.address, c.name, c.kind, c.pace, c.join, c.post, n, c.archived) for c, n in listed))


@app.command("show")
def show_community(ctx: typer.Context, localpart: LocalPart, as_json: AsJson = False) -> None:
    """Show one community, its managers and how its members hear."""
    settings = read_settings(ctx)
    with open_store(settings) as database:
        from store import communities, memberships

        with database.reading() as tx:
            community = communities.find(tx, localpart.strip().lower())
            members = memberships.members(tx, community.id) if community else []
    if community is None:
        fail(f"{localpart}: there is no such community")
    paces = {pace.value: sum((m.pace or community.pace) is pace for _, m in members) for pace in Pace}
    managers = [person.address for person, m in members if m.role is Role.MANAGER]
    if as_json:
        document({**record(community), "members": len(members), "paces": paces, "managers": managers})
        return
    heard = ", ".join(f"{number} {pace}" for pace, number in paces.items() if number)
    facts(
        {
            **record(community),
            "address": f"{community.address}@{settings.gateway.domain}",
            "allowed_paces": ", ".join(community.allowed_paces) or "all",
            "members": f"{len(members)} ({heard})" if heard else "0",
            "managers": ", ".join(managers) or None,
        }
    )


@app.command("set")
def set_community(
    ctx: typer.Context,
    localpart: LocalPart,
    name: NewTitle = None,
    kind: Kind = None,
    pace: DefaultPace = None,
    join: Join = None,
    post: Posting = None,
    description: Description = None,
    paces: Annotated[
        str | None,
        typer.Option(metavar="LIST", help="What members may choose, such as daily,weekly; all for all. [all]"),
    ] = None,
    archived: Annotated[
        bool | None, typer.Option("--archived/--not-archived", help="An archived one is read and takes no posts.")
    ] = None,
    mandatory: Annotated[
        bool | None,
        typer.Option(
            "--mandatory/--not-mandatory", help="For announcements: they concern everybody, and nobody leaves."
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Change what is given of a community and leave the rest; its address stays for ever."""
    settings = read_settings(ctx)
    with open_store(settings) as database:
        from store import audit, communities

        with database.transaction() as tx:
            held = communities.lock(tx, names=[localpart.strip().lower()])
            if not held:
                fail(f"{localpart}: there is no such community")
            was = _described(held[0].community, name, description)
            now = replace(
                was,
                kind=kind or was.kind,
                pace=Pace(pace.value) if pace else was.pace,
                join=join or was.join,
                post=post or was.post,
                archived=was.archived if archived is None else archived,
                mandatory=was.mandatory if mandatory is None else mandatory,
            )
            now = _allowing(now, paces)
            communities.change(tx, now)
            told = _change_default(tx, settings, now) if now.pace is not was.pace else 0
            if changed := _changed(held[0].community, now):
                audit.record(tx, Entry(Act.COMMUNITY_CHANGED, Hand.CLI, now.id, detail=changed), utc_now())
    if as_json:
        document({**record(now), "told": told})
    else:
        typer.echo(f"changed {now.address}" + (f"; told {told} who follow its pace" if told else ""))


def _changed(was: Community, now: Community) -> str:
    """What is another now, by name, with its new value where that is a word of ours."""
    other = [field.name for field in fields(was) if getattr(was, field.name) != getattr(now, field.name)]
    free = ("name", "description")
    return ", ".join(name if name in free else f"{name} {shown(_word(getattr(now, name)))}" for name in other)


def _word(value: str | bool | tuple[Pace, ...]) -> str | bool:
    return " ".join(value) if isinstance(value, tuple) else value


def _change_default(tx: Connection, settings: Settings, community: Community) -> int:
    """Gives the community its pace as the default; returns how many are told."""
    from gateway import keys
    from store import announcements

    origin = announcements.Origin(settings.gateway.domain, keys.load(settings.gateway.secret_file).current)
    return announcements.change_default(tx, community, community.pace, origin, utc_now())


def _described(was: Community, name: str | None, description: str | None) -> Community:
    """The community with these words in place of its own, where given. Ends the command where they are none."""
    from gateway.commands import values

    try:
        return replace(
            was,
            name=was.name if name is None else values.title(name),
            description=was.description if description is None else values.description(description),
        )
    except ValueError as error:
        fail(str(error))


def _allowing(community: Community, paces: str | None) -> Community:
    """The community with the paces that it will allow. Ends the command where they are none, or lack its default."""
    from gateway.commands import values

    try:
        if paces is None:
            allowed = values.require_default(community.allowed_paces, community.pace)
        else:
            allowed = values.allowed_paces(paces, community.pace)
    except ValueError as error:
        fail(str(error))
    return replace(community, allowed_paces=allowed)
