"""relais person erase: everything that is stored of one person, taken out for ever (GDPR art. 17)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from gateway.commands.output import AsJson, document, fail, shown
from gateway.commands.session import open_store, read_settings
from gateway.core.audit import Act, Entry, Hand
from gateway.core.clock import utc_now

if TYPE_CHECKING:
    from store.erasure import Erased

_MARKS = {"fr": ("Ancien membre", "[Texte effacé]"), "en": ("Former member", "[Text erased]")}
"""What is shown instead of the person, and instead of their words, in the language of the network."""


def erase_person(
    ctx: typer.Context,
    email: Annotated[str, typer.Argument(metavar="EMAIL", help="The person's mail address.")],
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask first.")] = False,
    as_json: AsJson = False,
) -> None:
    """Erase a person for ever: address, name, mails, files, words. Their posts stay, without author and words.

    What others quoted in mails of their own stays with those. Backups are yours to let expire.
    """
    settings = read_settings(ctx)
    with open_store(settings) as database:
        from gateway.commands import values
        from store import audit, erasure, people
        from store.blobs import open_blobs

        try:
            mailbox = values.mailbox(email, settings)
        except ValueError as error:
            fail(str(error))
        with database.reading() as tx:
            person = people.find(tx, mailbox) or people.find_author(tx, mailbox)
            admins = people.admins(tx)
        if person is None:
            fail(f"{mailbox}: nobody has this address")
        if [admin.id for admin in admins] == [person.id]:
            fail(f"{mailbox} is the only administrator: name another one first")
        if not yes:
            typer.confirm(f"Erase {shown(person.address)} ({shown(person.shown_name)}) for ever?", abort=True, err=True)
        blobs = open_blobs(settings.store.blobs, endpoint=settings.store.blobs_endpoint)
        marks = erasure.Marks(*_MARKS[settings.gateway.locale])
        with database.transaction() as tx:
            subject = erasure.shut_out(tx, person.id, marks)
            erased = erasure.erase(tx, subject, marks, utc_now())
            audit.record(tx, Entry(Act.PERSON_ERASED, Hand.CLI, person_id=person.id), utc_now())
        # What was being posted meanwhile on another node was known to be theirs before they were nobody.
        with database.transaction() as tx:
            late = erasure.erase(tx, subject, marks, utc_now())
        for blob in {*erased.blobs, *late.blobs}:
            blobs.delete(blob)
    _tell(str(mailbox), erased, as_json=as_json)


def _tell(address: str, erased: Erased, *, as_json: bool) -> None:
    if as_json:
        document({"email": address, "posts": erased.posts, "mails": erased.mails, "files": erased.files})
    else:
        typer.echo(
            f"erased {shown(address)}: {erased.posts} posts without words, "
            f"{erased.mails} mails and {erased.files} files deleted"
        )
