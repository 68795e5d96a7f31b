"""A node that closes digests by a clock that runs fast: `python -m tests.crash.rounds URL START EPOCH SPEED`.

Its days are fractions of a second, the same for all nodes; it lives until it is killed.
"""

from __future__ import annotations

import sys
import time
from datetime import datetime, timedelta

from sqlalchemy.exc import DBAPIError

from digests.rounds import Rounds
from gateway.core.errors import StoreError
from store.database import Database
from store.wakeups import Wakeups
from tests.digests.newspaper import PLAN


def fast_clock(start: datetime, epoch: float, speed: float) -> datetime:
    """What that clock shows now: `speed` times as fast as ours since `epoch`."""
    return start + timedelta(seconds=(time.time() - epoch) * speed)


def main(url: str, start: str, epoch: str, speed: str) -> None:
    """Round after round."""
    database = Database(url)
    rounds = Rounds(database, PLAN, Wakeups(database))
    print("up", flush=True)
    while True:
        now = fast_clock(datetime.fromisoformat(start), float(epoch), float(speed))
        try:
            rounds.run(now, now)
        except (StoreError, DBAPIError):
            time.sleep(0.05)
        time.sleep(0.005)


if __name__ == "__main__":
    main(*sys.argv[1:])
