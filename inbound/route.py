"""Forward-path → Destination: what an address of ours points at. Pure; the names are those of CONTRACT.md.

Asked twice: at RCPT, where an unknown one is refused before the mail comes (`Recipients`), and by the pipeline.
"""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TypeAlias

from gateway.core import address
from gateway.core.address import Address, AddressError, Ours
from gateway.core.command import Verb
from gateway.core.digest import CADENCES, Cadence
from gateway.core.reply import Reply
from gateway.core.token import KeyRing, Purpose
from inbound.folding import fold
from inbound.vocabulary import verb_of_detail
from store import communities
from store.database import Database

_ADMIN_NAMES = frozenset(("postmaster", "abuse", "bounce", "relais", "aide", "help"))
_COMMAND_NAMES = frozenset(("relais", "aide", "help"))
_PLACELESS = frozenset(("reply", "digest"))
RESERVED = _ADMIN_NAMES | _PLACELESS | {"answer", "author", "leave"}
"""Local parts that no community may have."""
_OWNER_WORDS = frozenset(("owner", "responsables"))

# The Message-ID of a digest is made of its id, so it is the same at every try (I6).
_DIGEST_ID = re.compile(r"<digest\.([1-9][0-9]{0,17})@([^<>\s]+)>")

OURS = Reply(250, "2.1.5", "Ok")
NO_RELAY = Reply(550, "5.7.1", "We do not relay")
UNKNOWN = Reply(550, "5.1.1", "No such address here")


@dataclass(frozen=True, slots=True)
class ToCommunity:
    """A posting address."""

    name: str


@dataclass(frozen=True, slots=True)
class ToPost:
    """A reply token: an answer to this post. `token_person_id` is for whom it was made, not who writes."""

    post_id: int
    token_person_id: int


@dataclass(frozen=True, slots=True)
class ToParent:
    """reply@ or digest@ without a token: the place is what the mail's own headers say it answers."""


@dataclass(frozen=True, slots=True)
class ToBounce:
    """The reverse-path of one delivery."""

    delivery_id: int


@dataclass(frozen=True, slots=True)
class ToLeave:
    """List-Unsubscribe by mail."""

    community_id: int
    person_id: int


@dataclass(frozen=True, slots=True)
class ToQuiet:
    """List-Unsubscribe of a digest, by mail."""

    cadence: Cadence
    person_id: int


@dataclass(frozen=True, slots=True)
class ToDigest:
    """A digest token: an answer to that digest. `token_person_id` is whose digest it was, not who writes."""

    digest_id: int
    token_person_id: int


@dataclass(frozen=True, slots=True)
class ToQuestion:
    """An answer to what a notice of ours asked or offered."""

    notice_id: int
    token_person_id: int


@dataclass(frozen=True, slots=True)
class ToPerson:
    """A letter to one person, through us: to the author of a post, or to who wrote the letter that is answered."""

    person_id: int | None
    """None for the author of the post."""
    post_id: int | None
    token_person_id: int


@dataclass(frozen=True, slots=True)
class ToManagers:
    """The managers of a community; without one, the admins."""

    name: str | None
    takes_commands: bool = False
    """A command address: what is no command goes to people."""


@dataclass(frozen=True, slots=True)
class ToCommand:
    """A command address of a community: projets+join@. What is written there does not matter."""

    name: str
    verb: Verb


@dataclass(frozen=True, slots=True)
class ToNobody:
    """An address that was ours when the mail was accepted and is not any more."""


Destination: TypeAlias = (
    ToCommunity
    | ToPost
    | ToDigest
    | ToQuestion
    | ToPerson
    | ToParent
    | ToBounce
    | ToLeave
    | ToQuiet
    | ToManagers
    | ToCommand
    | ToNobody
)


@dataclass(frozen=True, slots=True)
class House:
    """What makes an address ours: the mail domain, the separator of subaddresses, the keys of the tokens."""

    domain: str
    separator: str
    keys: KeyRing
    mailboxes: frozenset[str] = frozenset()
    """The address keys of mailboxes elsewhere that mail to us is picked up from."""

    def is_named_by(self, key: str) -> bool:
        """Whether who writes to this address, perhaps with a subaddress, writes to us."""
        return Ours(self.domain, self.separator, self.mailboxes).holds(key)


def route(forward_path: str, house: House) -> Destination:
    """What this forward-path points at, without asking whether the community or post exists."""
    try:
        path = address.parse(forward_path)
    except AddressError:
        return ToNobody()
    if path.domain != house.domain:
        return ToNobody()
    base, detail = path.split(house.separator)
    if detail is None:
        return _route_plain(base)
    return _route_detail(base, detail, house.keys)


def digest_answered(message_ids: Iterable[str], house: House) -> int | None:
    """The digest that one of these Message-IDs is of, None where none is."""
    for message_id in message_ids:
        found = _DIGEST_ID.fullmatch(message_id)
        if found and found[2].lower() == house.domain:
            return int(found[1])
    return None


def _route_plain(base: str) -> Destination:
    if base in _PLACELESS:
        return ToParent()
    if base in _ADMIN_NAMES:
        return ToManagers(None, takes_commands=base in _COMMAND_NAMES)
    return ToNobody() if base in RESERVED else ToCommunity(base)


def _route_detail(base: str, detail: str, keys: KeyRing) -> Destination:
    match base:
        case "reply":
            token = keys.verify(Purpose.REPLY, detail)
            return ToPost(*token.ids) if token and len(token.ids) == 2 else ToNobody()
        case "author":
            token = keys.verify(Purpose.REPLY, detail)
            return ToPerson(None, *token.ids) if token and len(token.ids) == 2 else ToNobody()
        case "bounce":
            token = keys.verify(Purpose.BOUNCE, detail)
            return ToBounce(*token.ids) if token and len(token.ids) == 1 else ToNobody()
        case "leave":
            token = keys.verify(Purpose.LEAVE, detail)
            return ToLeave(*token.ids) if token and len(token.ids) == 2 else _route_quiet(detail, keys)
        case "digest":
            token = keys.verify(Purpose.DIGEST, detail)
            return ToDigest(*token.ids) if token and len(token.ids) == 2 else ToNobody()
        case "answer":
            token = keys.verify(Purpose.ANSWER, detail)
            return ToQuestion(*token.ids) if token and len(token.ids) == 2 else ToNobody()
        case _ if base in RESERVED:
            return ToNobody()
        case _ if detail in _OWNER_WORDS:
            return ToManagers(base)
        case _:
            verb = verb_of_detail(fold(detail))
            return ToCommand(base, verb) if verb else ToNobody()


def _route_quiet(detail: str, keys: KeyRing) -> Destination:
    token = keys.verify(Purpose.QUIET, detail)
    if token is None or len(token.ids) != 2 or token.ids[0] >= len(CADENCES):
        return ToNobody()
    return ToQuiet(CADENCES[token.ids[0]], token.ids[1])


class Recipients:
    """Which forward-paths are ours, for the listener. Communities are remembered for a while; an unknown one is asked.

    A refusal is never remembered: a community that was just added must not be refused from memory.
    """

    def __init__(
        self, house: House, database: Database, *, fresh_s: float = 30, elapsed: Callable[[], float] = time.monotonic
    ) -> None:
        self._house = house
        self._database = database
        self._fresh_s = fresh_s
        self._elapsed = elapsed
        self._known: dict[str, float] = {}
        self._lock = threading.Lock()

    def quick(self, path: Address) -> Reply | None:
        """The answer from memory, None where the store must be asked."""
        if path.domain != self._house.domain:
            return NO_RELAY
        match route(str(path), self._house):
            case ToNobody():
                return UNKNOWN
            case ToCommunity(name) | ToCommand(name) | ToManagers(str() as name):
                until = self._known.get(name, 0.0)
                return OURS if until > self._elapsed() else None
            case _:
                return OURS

    def ask(self, path: Address) -> Reply:
        """The answer of the store. Blocks: run it in a thread. Raises StoreError."""
        match route(str(path), self._house):
            case ToCommunity(name) | ToCommand(name) | ToManagers(str() as name):
                with self._database.reading() as tx:
                    found = communities.find(tx, name)
                if found is None:
                    return UNKNOWN
                with self._lock:
                    self._known[name] = self._elapsed() + self._fresh_s
                return OURS
            case ToNobody():
                return UNKNOWN
            case _:
                return OURS
