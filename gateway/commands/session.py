"""What a command works on: the chosen settings and the store they name."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from gateway.core.errors import ConfigurationError

if TYPE_CHECKING:
    from gateway.settings import Settings
    from store.database import Database


def chosen_file(ctx: typer.Context) -> Path | None:
    """The file named by --config; None where it was not given."""
    chosen = ctx.find_root().params.get("config")
    return chosen if isinstance(chosen, Path) else None


def read_settings(ctx: typer.Context) -> Settings:
    """The settings of this call. Raises ConfigurationError."""
    from gateway import settings

    return settings.load(chosen_file(ctx))


def has_settings(ctx: typer.Context) -> bool:
    """Whether this call has settings: a file was named, or there is one where it is looked for."""
    from gateway.settings import DEFAULT_FILE

    return bool(chosen_file(ctx) or os.environ.get("RELAIS_CONFIG")) or Path(DEFAULT_FILE).exists()


@contextmanager
def open_store(settings: Settings) -> Iterator[Database]:
    """The database, of the present schema. Raises ConfigurationError where `relais init` has not been here."""
    require_database_file(settings)
    from store import migrations
    from store.database import Database

    database = Database(settings.store.url)
    try:
        migrations.require(database)
        yield database
    finally:
        database.close()


def require_database_file(settings: Settings) -> None:
    """Raises ConfigurationError where SQLite would begin a new database: only `relais init` may."""
    kind, _, path = settings.store.url.partition(":///")
    if kind == "sqlite" and path and not Path(path.partition("?")[0]).exists():
        raise ConfigurationError([("store.url", f"there is no database {path}: run relais init")])
