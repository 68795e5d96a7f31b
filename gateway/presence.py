"""Who has an SQLite database: the roles of the one process that may work on it, told to those that may not.

Written by the wiring when it takes the database, read by `relais drain`, which would else wait for work that nobody
does.
"""

from __future__ import annotations

import os
import secrets
import socket
from collections.abc import Iterable

from gateway.roles import Role
from store.database import Database


def name() -> str:
    """What tells this process from all others that share the database."""
    return f"{socket.gethostname()[:40]}/{os.getpid()}/{secrets.token_hex(3)}"


def note(roles: Iterable[Role]) -> str:
    """What a process of these roles leaves beside the database."""
    return " ".join([str(os.getpid()), *roles])


def roles_of_holder(database: Database) -> frozenset[Role] | None:
    """The roles of the process that has the database; None where it does not say: it may be any."""
    words = database.holder().split()[1:]
    return frozenset(role for role in Role if role.value in words) if words else None
