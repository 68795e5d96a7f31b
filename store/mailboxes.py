"""The mailboxes of a person: several addresses may be theirs, and mail goes to one of them.

Called by the command line and by store.directory. An address belongs to one person at most; what an author of imported
posts is known by goes to whoever proves to be that author.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, delete, insert, select, update

from gateway.core.address import Address
from store import authors, people, unreachable
from store.schema import addresses, contents, posts
from store.schema import people as people_table


def add(tx: Connection, person_id: int, address: Address, now: datetime) -> bool:
    """Gives the person one more verified address; False where it is somebody else's.

    Posts that were imported under it become theirs.
    """
    owner = tx.execute(select(addresses).where(addresses.c.key == address.key)).first()
    if owner is None:
        tx.execute(insert(addresses).values(key=address.key, person_id=person_id, verified_at=now))
        return True
    if owner.person_id != person_id:
        author_id = authors.of_addresses(tx, [address.key]).get(address.key)
        if author_id is None:
            return False
        for table in (contents, posts):
            tx.execute(update(table).where(table.c.author_id == author_id).values(author_id=person_id))
        tx.execute(update(addresses).where(addresses.c.key == address.key).values(person_id=person_id))
        tx.execute(delete(people_table).where(people_table.c.id == author_id))
    tx.execute(update(addresses).where(addresses.c.key == address.key).values(verified_at=now))
    return True


def remove(tx: Connection, person_id: int, address: Address) -> bool:
    """Takes an address from the person; False where it is not theirs, or the one that their mail goes to."""
    if primary(tx, person_id) == address.key:
        return False
    gone = delete(addresses).where(addresses.c.key == address.key, addresses.c.person_id == person_id)
    return tx.execute(gone).rowcount == 1


def make_primary(tx: Connection, person_id: int, address: Address) -> bool:
    """Sends the person's mail there; False where the address is not theirs, or unverified."""
    theirs = select(addresses.c.key).where(
        addresses.c.key == address.key, addresses.c.person_id == person_id, addresses.c.verified_at.is_not(None)
    )
    if tx.scalar(theirs) is None:
        return False
    if primary(tx, person_id) != address.key:
        unreachable.moved(tx, person_id)
    tx.execute(update(people_table).where(people_table.c.id == person_id).values(address=str(address)))
    people.call_anew(tx, person_id)
    return True


def primary(tx: Connection, person_id: int) -> str:
    """The key of the address that their mail goes to."""
    written = tx.scalar(select(people_table.c.address).where(people_table.c.id == person_id)) or ""
    local, _, domain = written.rpartition("@")
    return Address(local, domain).key if written else ""
