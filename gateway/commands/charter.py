"""relais charter: what people promise before they post, in versions, and who accepted which one when."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from gateway.commands.output import AsJson, document, fail, record, shown, table
from gateway.commands.session import open_store, read_settings
from gateway.core.audit import Act, Entry, Hand
from gateway.core.clock import utc_now

if TYPE_CHECKING:
    from gateway.core.charter import Charter

app = typer.Typer(no_args_is_help=True, help="The usage charter: publish it, and see who accepted it.")

MOST_OCTETS = 64 * 1024
"""A charter is read by people, in a mail."""

Text = Annotated[Path | None, typer.Option(metavar="FILE", help="Its words in that language, plain UTF-8 text.")]


@app.command("publish")
def publish_charter(
    ctx: typer.Context,
    fr: Text = None,
    en: Text = None,
    everybody: Annotated[
        bool, typer.Option("--everybody", help="Ask those who are here already too, not only who comes from now on.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Publish a version, which holds at once: whoever is asked reads as before, and posts after a YES by mail."""
    settings = read_settings(ctx)
    given = {"fr": fr, "en": en}
    if not (fr or en) and settings.people.charter:
        folder = Path(settings.people.charter)
        given = {locale: path for locale in given if (path := folder / f"{locale}.txt").exists()}
    texts = {locale: _read(path) for locale, path in given.items() if path is not None}
    if not texts:
        fail("give its words: --fr FILE, --en FILE or both, or a folder with fr.txt and en.txt as people.charter")
    with open_store(settings) as database:
        from store import audit, charters

        with database.transaction() as tx:
            version = charters.publish(tx, texts, utc_now(), everybody=everybody)
            audit.record(tx, Entry(Act.CHARTER_PUBLISHED, Hand.CLI, detail=str(version)), utc_now())
            owing = charters.count_owing(tx)
    if as_json:
        document({"version": version, "owing": owing})
    else:
        typer.echo(f"published version {version}: {owing} of the people here are asked before they post")


@app.command("list")
def list_charters(ctx: typer.Context, as_json: AsJson = False) -> None:
    """List the versions, with how many people accepted each."""
    with open_store(read_settings(ctx)) as database:
        from store import charters

        with database.reading() as tx:
            found = charters.listing(tx)
            owing = charters.count_owing(tx)
    if as_json:
        document({"charters": [{**record(charter), "accepted": n} for charter, n in found], "owing": owing})
        return
    columns = ("VERSION", "PUBLISHED", "LANGUAGES", "ASKED OF", "ACCEPTED")
    table(columns, ((c.version, c.published_at, " ".join(c.texts), _asked_of(c), n) for c, n in found))


def _asked_of(charter: Charter) -> str:
    return "everybody" if charter.everybody else "newcomers"


@app.command("show")
def show_charter(
    ctx: typer.Context,
    locale: Annotated[
        str, typer.Option(metavar="fr|en", help="In which language; by default that of the settings.")
    ] = "",
) -> None:
    """Show the words of the newest version."""
    settings = read_settings(ctx)
    with open_store(settings) as database:
        from store import charters

        with database.reading() as tx:
            charter = charters.current(tx)
    if charter is None:
        fail("there is no charter")
    typer.echo(charter.text(locale or settings.gateway.locale))


@app.command("who")
def list_acceptances(ctx: typer.Context, as_json: AsJson = False) -> None:
    """List who accepted which version when."""
    with open_store(read_settings(ctx)) as database:
        from store import charters

        with database.reading() as tx:
            found = charters.accepted(tx)
    if as_json:
        document({"acceptances": [record(one) for one in found]})
        return
    table(("ADDRESS", "NAME", "VERSION", "ACCEPTED"), ((a.address, a.name, a.version, a.accepted_at) for a in found))


def _read(path: Path) -> str:
    """The words in the file. Ends the command where they are none."""
    try:
        raw = path.read_bytes()
        text = raw.decode("utf-8-sig").strip()
    except OSError as error:
        fail(f"{shown(str(path))}: {error.strerror or error}")
    except UnicodeDecodeError:
        fail(f"{shown(str(path))} is not UTF-8")
    if not text:
        fail(f"{shown(str(path))} is empty")
    if len(raw) > MOST_OCTETS:
        fail(f"{shown(str(path))} has more than {MOST_OCTETS} octets: nobody reads that in a mail")
    return text
