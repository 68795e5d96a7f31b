"""Makes the n-th step of a piece of work fail: a statement before it runs, or a commit before it happens."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from sqlalchemy import event

from store.database import Database


class Died(Exception):  # noqa: N818 (it is no error of ours)
    """What a process that dies at this point would not have survived."""


@contextmanager
def dying_before(database: Database, step: int) -> Iterator[list[str]]:
    """Raises Died before step number `step` (from 1); yields the list of the steps that were taken."""
    taken: list[str] = []

    def count(what: str) -> None:
        if len(taken) + 1 == step:
            raise Died(what)
        taken.append(what)

    def before_statement(_conn: object, _cursor: object, statement: str, *_rest: object) -> None:
        # BEGIN is no step of its own, and what SQLite is asked at connecting is none of the work.
        if not statement.startswith(("BEGIN", "PRAGMA")):
            count(statement)

    def before_commit(_connection: object) -> None:
        count("COMMIT")

    event.listen(database.engine, "before_cursor_execute", before_statement)
    event.listen(database.engine, "commit", before_commit)
    try:
        yield taken
    finally:
        event.remove(database.engine, "before_cursor_execute", before_statement)
        event.remove(database.engine, "commit", before_commit)


def die_everywhere(database: Database, work: Callable[[], object], after_each: Callable[[], None]) -> int:
    """Runs `work`, dying before its first step, then before its second, until it comes through; returns how many."""
    step = 0
    while True:
        step += 1
        try:
            with dying_before(database, step):
                work()
        except Died:
            after_each()
            continue
        return step - 1
