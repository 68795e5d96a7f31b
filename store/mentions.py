"""Mentions: who is meant by a name in a text, and which posts name whom."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from typing import Any

from sqlalchemy import Connection, Select, bindparam, insert, select

from gateway.core.community import PersonState
from store.schema import memberships, mentions, names, people

_AT_ONCE = 5000

# Those who are called so first, then where they belong: in one question a database may begin with the members of the
# community, who are many.
_called: Select[Any] = (
    select(names.c.key, names.c.kind, names.c.person_id)
    .where(names.c.key.in_(bindparam("keys", expanding=True)))
    .order_by(names.c.kind)
)
_belong: Select[Any] = (
    select(memberships.c.person_id, memberships.c.community_id)
    .join(people, people.c.id == memberships.c.person_id)
    .where(memberships.c.person_id.in_(bindparam("people", expanding=True)))
    .where(memberships.c.community_id.in_(bindparam("communities", expanding=True)))
    .where(people.c.state == PersonState.ACTIVE.value)
)


def meant(tx: Connection, asked: Mapping[int, Collection[str]]) -> dict[tuple[int, str], int | None]:
    """By (community, folded name): the member who is called so, None where several are; nobody is not in it.

    `asked` is the names by community. What is surer goes first: a local part before a full name before a first name.
    The cost is that of the people who are called so, whatever the size of the community.
    """
    keys = sorted({key for wanted in asked.values() for key in wanted})
    called = [
        row
        for start in range(0, len(keys), _AT_ONCE)
        for row in tx.execute(_called, {"keys": keys[start : start + _AT_ONCE]})
    ]
    belong: dict[int, set[int]] = defaultdict(set)
    ids = sorted({row.person_id for row in called})
    for start in range(0, len(ids), _AT_ONCE):
        batch = {"people": ids[start : start + _AT_ONCE], "communities": list(asked)}
        for person_id, community_id in tx.execute(_belong, batch):
            belong[person_id].add(community_id)
    best: dict[tuple[int, str], tuple[int, set[int]]] = {}
    for key, kind, person_id in called:
        for community_id in belong.get(person_id, ()):
            known_kind, known = best.setdefault((community_id, key), (kind, set()))
            if known_kind == kind:
                known.add(person_id)
    return {place: next(iter(known)) if len(known) == 1 else None for place, (_, known) in best.items()}


def add(tx: Connection, pairs: Iterable[tuple[int, int]]) -> None:
    """Notes that these new posts name these people: (post, person)."""
    rows = [{"post_id": post_id, "person_id": person_id} for post_id, person_id in sorted(set(pairs))]
    if rows:
        tx.execute(insert(mentions), rows)
