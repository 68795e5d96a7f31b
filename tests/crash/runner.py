"""The real gateway in a process of its own, to be killed: `python -m tests.crash.runner SETTINGS [MUTANT]`.

A mutant breaks one promise on purpose, to show that the harness would notice.
"""

from __future__ import annotations

import asyncio
import sys
import time
from pathlib import Path

from gateway import settings
from gateway.app import App
from gateway.core.reply import Reply
from gateway.observe import set_up_logs
from inbound import spool
from store import deliveries


def answer_before_commit() -> None:
    """Says 250 and stores the mail a moment later (breaks P1)."""
    commit = spool.Spool._commit

    def late(own: spool.Spool, batch: list[spool._Submission]) -> list[Reply]:
        for item in batch:
            item.done(spool.ACCEPTED)
        time.sleep(0.2)
        commit(own, [spool._Submission(i.envelope, i.intake, i.blob, lambda _: None) for i in batch])
        return [spool.ACCEPTED] * len(batch)

    spool.Spool._commit = late  # type: ignore[method-assign, assignment]


def never_record() -> None:
    """Forgets what was delivered (breaks P3)."""
    deliveries.record = lambda *_: 0


MUTANTS = {"": lambda: None, "answer-before-commit": answer_before_commit, "never-record": never_record}


def main() -> None:
    """Runs until it is killed or asked to end."""
    MUTANTS[sys.argv[2] if len(sys.argv) > 2 else ""]()
    set_up_logs()
    asyncio.run(App(settings.load(Path(sys.argv[1]))).run())


if __name__ == "__main__":
    main()
