"""Directory sync: a file that names everybody → who is added, changed, brought back, and suspended.

`plan` is pure and compares the file with the store; `carry_out` writes, some hundred people a transaction. Called by
`relais import people --sync`. A person is known by the directory's id for them, else by any of their addresses.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import Connection

from gateway.core.address import Address
from gateway.core.address import parse as parse_address
from gateway.core.audit import Act, Hand
from gateway.core.audit import Entry as AuditEntry
from gateway.core.community import NetworkRole, PersonState
from store import audit, directory, mailboxes, people
from store.database import Database
from store.directory import Standing
from store.people import NewPerson, Traits

_AT_ONCE = 500
_WHY = "directory"


@dataclass(frozen=True, slots=True)
class Entry:
    """One row of the file. `given` names the columns that were not empty: of the others nothing changes."""

    line: int
    person: NewPerson
    also: tuple[Address, ...]
    given: frozenset[str]


@dataclass(frozen=True, slots=True)
class Change:
    """What changes of a person who is there. Empty where only their being named is noted."""

    entry: Entry
    standing: Standing
    traits: Traits
    move_to: Address | None
    """Their mail goes there from now on."""
    also: tuple[Address, ...]
    """More addresses of theirs."""
    back: bool

    @property
    def is_visible(self) -> bool:
        """Whether anything of the person changes."""
        return self.traits != Traits() or bool(self.move_to or self.also) or self.back


@dataclass(slots=True)
class Plan:
    """What is to be done, and the rows that cannot be."""

    new: list[Entry] = field(default_factory=list)
    changed: list[Change] = field(default_factory=list)
    gone: list[Standing] = field(default_factory=list)
    spared: list[Standing] = field(default_factory=list)
    """Who would be gone, were it sure; and the only administrator."""
    wrong: list[tuple[int, str]] = field(default_factory=list)
    """(line, why)."""
    staff: int = 0
    """How many active people files have named: those of whom `gone` is a share."""

    @property
    def share_gone(self) -> float:
        """How many percent of them would be suspended."""
        return 100 * len(self.gone) / self.staff if self.staff else 0.0

    def spare(self) -> None:
        """Suspends nobody, and says who it would have been."""
        self.spared, self.gone = [*self.spared, *self.gone], []


@dataclass(slots=True)
class _Index:
    by_id: dict[str, Standing]
    by_key: dict[str, Standing]

    def owner(self, entry: Entry) -> Standing | None:
        """Whom a row is about."""
        if (name := entry.person.external_id) and name in self.by_id:
            return self.by_id[name]
        keys = (entry.person.address.key, *(address.key for address in entry.also))
        found = (self.by_key[key] for key in keys if key in self.by_key)
        # Somebody else's id: the address was theirs, and is given to a newcomer. That is told, not guessed.
        return next((s for s in found if not (name and s.external_id and s.external_id != name)), None)


def plan(entries: Sequence[Entry], everybody: Sequence[Standing]) -> Plan:
    """Compares the whole file with all people there are."""
    made = Plan(staff=sum(s.listed and s.state is PersonState.ACTIVE for s in everybody))
    index = _Index(
        {s.external_id: s for s in everybody if s.external_id}, {key: s for s in everybody for key in s.keys}
    )
    named: dict[int, int] = {}
    taken: dict[str, int] = {}
    for entry in entries:
        owner = index.owner(entry)
        if why := _trouble(entry, owner, index, named, taken):
            made.wrong.append((entry.line, why))
            continue
        taken.update(dict.fromkeys(_names(entry), entry.line))
        if owner is None:
            made.new.append(entry)
        else:
            named[owner.id] = entry.line
            made.changed.append(_change(entry, owner))
    admins = sum(s.role is NetworkRole.ADMIN and s.state is PersonState.ACTIVE for s in everybody)
    for standing in everybody:
        if standing.listed and standing.state is PersonState.ACTIVE and standing.id not in named:
            if standing.role is NetworkRole.ADMIN and admins == 1:
                # The network would have nobody left to mend it.
                made.spared.append(standing)
                continue
            admins -= standing.role is NetworkRole.ADMIN
            made.gone.append(standing)
    return made


def _names(entry: Entry) -> list[str]:
    """What a row must have for itself: its id and its addresses."""
    id_name = f"id {entry.person.external_id}" if entry.person.external_id else ""
    return [name for name in (id_name, entry.person.address.key, *(a.key for a in entry.also)) if name]


def _trouble(entry: Entry, owner: Standing | None, index: _Index, named: dict[int, int], taken: dict[str, int]) -> str:
    """Why a row cannot be followed, "" where it can."""
    for name in _names(entry):
        if name in taken:
            return f"{name}: named in line {taken[name]} as well"
    if owner and owner.id in named:
        return f"{entry.person.address}: the same person as in line {named[owner.id]}"
    for address in (entry.person.address, *entry.also):
        held = index.by_key.get(address.key)
        if held and (owner is None or held.id != owner.id):
            return f"{address}: somebody else's address ({held.address})"
    return ""


def _change(entry: Entry, owner: Standing) -> Change:
    person = entry.person

    def other(column: str, new: str, old: str) -> str | None:
        return new if column in entry.given and new != old else None

    return Change(
        entry,
        owner,
        Traits(
            name=other("name", person.name, owner.name),
            locale=other("locale", person.locale, owner.locale),
            timezone=other("timezone", person.timezone, owner.timezone),
        ),
        move_to=person.address if str(person.address) != owner.address else None,
        also=tuple(address for address in entry.also if address.key not in owner.keys),
        back=owner.left and owner.state is PersonState.SUSPENDED,
    )


def carry_out(database: Database, made: Plan, now: datetime, advance: Callable[[int], None]) -> None:
    """Does what was planned, those who are gone last. What meanwhile became somebody else's is added to `wrong`."""
    for start in range(0, len(made.new), _AT_ONCE):
        entries = made.new[start : start + _AT_ONCE]
        with database.transaction() as tx:
            ids = people.add(tx, [entry.person for entry in entries], now)
            for entry, person_id in zip(entries, ids, strict=True):
                if person_id is None:
                    made.wrong.append((entry.line, f"{entry.person.address}: somebody's address since"))
                else:
                    _add_addresses(tx, made, entry, person_id, entry.also, now)
        advance(len(entries))
    for start in range(0, len(made.changed), _AT_ONCE):
        changes = made.changed[start : start + _AT_ONCE]
        with database.transaction() as tx:
            for change in changes:
                _follow(tx, made, change, now)
        advance(len(changes))
    with database.transaction() as tx:
        for start in range(0, len(made.gone), _AT_ONCE):
            some = [standing.id for standing in made.gone[start : start + _AT_ONCE]]
            directory.suspend(tx, some, now)
            for person_id in some:
                audit.record(tx, AuditEntry(Act.PERSON_SUSPENDED, Hand.CLI, person_id=person_id, detail=_WHY), now)


def _follow(tx: Connection, made: Plan, change: Change, now: datetime) -> None:
    entry, standing = change.entry, change.standing
    news = bool(entry.person.external_id) and entry.person.external_id != standing.external_id
    if not standing.listed or news:
        directory.note(tx, standing.id, entry.person.external_id)
    if change.traits != Traits():
        people.change(tx, standing.id, change.traits)
    _add_addresses(tx, made, entry, standing.id, change.also, now)
    if change.move_to and _add_addresses(tx, made, entry, standing.id, (change.move_to,), now):
        mailboxes.make_primary(tx, standing.id, change.move_to)
        # The mailbox they leave may be given to somebody else, unless the file says that it is still theirs.
        before = parse_address(standing.address)
        if before.key != change.move_to.key and before not in entry.also:
            mailboxes.remove(tx, standing.id, before)
    if change.back:
        directory.bring_back(tx, standing.id)
        audit.record(tx, AuditEntry(Act.PERSON_RESTORED, Hand.CLI, person_id=standing.id, detail=_WHY), now)


def _add_addresses(
    tx: Connection, made: Plan, entry: Entry, person_id: int, more: Sequence[Address], now: datetime
) -> bool:
    taken = [address for address in more if not mailboxes.add(tx, person_id, address, now)]
    made.wrong += [(entry.line, f"{address}: somebody else's address") for address in taken]
    return not taken
