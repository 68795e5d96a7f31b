"""relais topic and relais post: what was posted, closed, opened again or taken back by whoever runs the machine."""

from __future__ import annotations

from typing import Annotated

import typer

from gateway.commands.output import AsJson, document, fail, record, shown, table
from gateway.commands.queues import Number
from gateway.commands.session import open_store, read_settings
from gateway.core.audit import Act, Entry, Hand
from gateway.core.clock import utc_now

topics_app = typer.Typer(no_args_is_help=True, help="Topics: show, close and reopen them.")
posts_app = typer.Typer(no_args_is_help=True, help="Posts: withdraw them.")

_LETTERS = 60

TopicNumber = Annotated[int, typer.Argument(metavar="NUMBER", min=1, max=(1 << 63) - 1, help="The 12 of [#12].")]


@topics_app.command("show")
def show_topic(ctx: typer.Context, number: TopicNumber, as_json: AsJson = False) -> None:
    """Show a topic and its posts, each with the ID that relais post withdraw wants."""
    with open_store(read_settings(ctx)) as database:
        from store import topics

        with database.reading() as tx:
            topic = topics.get(tx, number)
            lines = topics.posts_of(tx, number, _LETTERS)
    if topic is None:
        fail(f"there is no topic {number}")
    if as_json:
        document({**record(topic), "posts": [record(line) for line in lines]})
        return
    typer.echo(f"#{topic.id} {shown(topic.title)}{' (closed)' if topic.closed else ''}\n")
    columns = ("ID", "POSTED", "AUTHOR", "WITHDRAWN", "BEGINS")
    table(columns, ((p.id, p.created_at, p.author, p.withdrawn_at, p.begins) for p in lines))


@topics_app.command("close")
def close_topic(ctx: typer.Context, number: TopicNumber, as_json: AsJson = False) -> None:
    """Close a topic: it is read and takes no more answers; whoever answers is told where to write."""
    _set_closed(ctx, number, as_json, closed=True)


@topics_app.command("reopen")
def reopen_topic(ctx: typer.Context, number: TopicNumber, as_json: AsJson = False) -> None:
    """Open a closed topic again."""
    _set_closed(ctx, number, as_json, closed=False)


def _set_closed(ctx: typer.Context, number: int, as_json: bool, *, closed: bool) -> None:
    with open_store(read_settings(ctx)) as database:
        from store import audit, topics

        with database.transaction() as tx:
            topic = topics.get(tx, number)
            if topic is None:
                fail(f"there is no topic {number}")
            if topics.set_closed(tx, number, closed):
                act = Act.TOPIC_CLOSED if closed else Act.TOPIC_REOPENED
                audit.record(tx, Entry(act, Hand.CLI, topic.community_id, topic_id=number), utc_now())
    if as_json:
        document({"id": number, "closed": closed})
    else:
        typer.echo(f"#{number} is {'closed' if closed else 'open'}")


@posts_app.command("withdraw")
def withdraw_post(
    ctx: typer.Context,
    number: Number,
    reason: Annotated[str, typer.Option(metavar="WHY", help="For the audit log; nobody is mailed it.")] = "",
    as_json: AsJson = False,
) -> None:
    """Withdraw a post: what was not sent of it is not, no digest shows it; whoever has the mail keeps it."""
    with open_store(read_settings(ctx)) as database:
        from store import audit, posts

        now = utc_now()
        with database.transaction() as tx:
            place = posts.places(tx, [number]).get(number)
            if place is None:
                fail(f"there is no post {number}")
            if not posts.withdraw(tx, number, now):
                fail(f"post {number} is withdrawn already")
            post = place.post
            entry = Entry(
                Act.POST_WITHDRAWN, Hand.CLI, post.community_id, post.author_id, post.topic_id, number, detail=reason
            )
            audit.record(tx, entry, now)
    document({"id": number, "withdrawn": True}) if as_json else typer.echo(f"post {number} is withdrawn")
