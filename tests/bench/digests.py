"""The digests to be measured: a network whose members are owed some, and a gateway that closes and sends them at once.

`python -m tests.bench.digests SETTINGS NOW` is that gateway: the sender of the real one, and a round as its scheduler
makes it. It says when the round began and ended, and ends itself when its input does.
"""

from __future__ import annotations

import asyncio
import json
import random
import sys
import time
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy import Connection

from gateway.app import App, Role
from gateway.core import address
from gateway.core.community import Membership, Pace
from gateway.core.community import Role as MemberRole
from gateway.core.digest import Cadence
from gateway.observe import set_up_logs
from gateway.settings import load
from store import communities, digests, memberships, people, posts
from store.communities import NewCommunity
from store.database import Database
from store.people import NewPerson
from store.posts import NewContent, NewPost

WORDS = (
    "Le devis est arrivé hier et dépasse de peu ce que nous avions prévu. Il nous faut un nom pour le valider avant "
    "vendredi, sans quoi la semaine est perdue comme l'an dernier. Qui peut s'en charger pour le site de Lyon ? "
)


def furnish(url: str, members: int, places: int, followed: int, posts_each: int, now: datetime) -> None:
    """`members` people, each in `followed` of `places` communities with `posts_each` posts, owed to them at `now`."""
    database = Database(url)
    chance = random.Random(7)
    born = now - timedelta(days=3)
    with database.transaction() as tx:
        writer = people.find(tx, address.parse("writer@client.example"))
        assert writer
        fresh = [NewCommunity(f"d{n}-{members}", f"Place {n}", pace=Pace.DAILY) for n in range(places)]
        homes = [i for i in communities.add_all(tx, fresh, born) if i is not None]
        news = [
            NewPerson(address.parse(f"d{n}.{members}@client.example"), f"R {n}", ("fr", "en")[n % 2], "Europe/Paris")
            for n in range(members)
        ]
        readers = [i for i in people.add(tx, news, born) if i]
        rows = [
            Membership(home, reader, MemberRole.MEMBER, None)
            for reader in readers
            for home in (homes if followed == places else chance.sample(homes, followed))
        ]
        memberships.add(tx, [*rows, *(Membership(home, writer.id, MemberRole.MEMBER, None) for home in homes)], born)
        # Their clocks were wound the day before.
        digests.wind(tx, Cadence.DAILY, dict.fromkeys([*readers, writer.id], now))
        digests.wind(tx, Cadence.WEEKLY, dict.fromkeys([*readers, writer.id], now + timedelta(days=6)))
        for home in homes:
            _write(tx, home, writer.id, posts_each, born)
    database.close()


def _write(tx: Connection, home: int, author: int, count: int, now: datetime) -> None:
    [held] = communities.lock(tx, ids=[home])
    texts = [f"{WORDS * 2}{home}.{n}" for n in range(count)]
    contents = posts.add_contents(tx, [_content(home, n, author, text) for n, text in enumerate(texts)], now)
    rows = [
        NewPost(home, content, author, held.last_number + n, f"{home:032}{n:032}", f"Budget {home}.{n} ?", None, None)
        for n, content in enumerate(contents, 1)
    ]
    posts.add_posts(tx, rows, 1, now)
    communities.set_last_number(tx, home, held.last_number + count)


def _content(home: int, number: int, author: int, text: str) -> NewContent:
    name = f"<{home}.{number}@bench.example>"
    return NewContent(name, name, author, "Budget", text, None, "", "", "", "fr", ())


async def main(settings: Path, now: datetime) -> None:
    """Sends what a round at `now` closes."""
    set_up_logs()
    app = App(load(settings))
    running = asyncio.create_task(app.run([Role.SENDER]))
    # The sender warms up; a scheduler's minute would find it warm.
    await asyncio.sleep(2.5)
    start = time.monotonic()
    closed = await asyncio.to_thread(app.rounds().run, now, app.clock())
    print(json.dumps({"start": start, "end": time.monotonic(), "closed": closed}), flush=True)
    await asyncio.to_thread(sys.stdin.read)
    app.stop()
    await running


def arguments(words: Sequence[str]) -> tuple[Path, datetime]:
    """SETTINGS and NOW."""
    return Path(words[0]), datetime.fromisoformat(words[1])


if __name__ == "__main__":
    asyncio.run(main(*arguments(sys.argv[1:])))
