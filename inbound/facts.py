"""What the house rules decide by: the facts about one arrival, and the settings.

Made by the gathering and by who wires the gateway; read by inbound/policy.py. A new fact is a field here, and a line in
the gathering.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, timedelta

from gateway.core.command import Command
from gateway.core.community import Community, Membership, Person
from gateway.core.joining import Registration
from gateway.core.message import Reading
from gateway.core.notice import Receipts
from gateway.core.question import Question
from gateway.core.quiet import Peace
from gateway.core.ruling import Ruling
from inbound.authenticity import Proof
from inbound.files import FileRules
from inbound.route import Destination
from store.digests import ClosedDigest
from store.posts import Place


@dataclass(frozen=True, slots=True)
class Rules:
    """The settings the table reads. `require` is proof, token or none (CONTRACT.md [authentication])."""

    require: str
    files: FileRules
    require_addressed: bool = True
    """A mail whose To and Cc name others alone is held, whoever signed it."""
    review: timedelta = timedelta(days=7)
    """So long those who run a place have to publish or refuse what waits there."""
    hold: timedelta = timedelta(0)
    """So long a post waits before its copies leave, and can be taken back by its author."""
    receipts: Receipts = Receipts.NEVER
    audience_moderation: int = 0
    """A post that so many would read is read by somebody who runs the place first; 0 for never."""
    registration: Registration = field(default_factory=Registration)
    peace: Peace | None = None
    """Everybody's quiet hours; None for none at all."""
    urgent_per_week: int = 0
    """So many posts of one author may reach people in their quiet hours; 0 for none."""
    topic_per_minute: int = 0
    """Posts that a topic takes within a minute; then it is paused. 0 for any number."""
    author_per_hour: int = 0
    """Posts that one author may write within an hour; 0 for any number."""


@dataclass(frozen=True, slots=True)
class Facts:
    """All that is known about one arrival when it is decided."""

    destination: Destination
    addressed: bool
    """To or Cc names an address of ours, or neither names anybody."""
    reading: Reading
    proof: Proof
    person: Person | None
    """Whose address the author's is, whether proven or not."""
    community: Community | None
    """Where the mail would be posted."""
    membership: Membership | None
    place: Place | None
    """The post that is answered, in that community."""
    duplicate: bool
    """The community has this very mail already."""
    served: bool
    """The same message was posted to the community under another of its forward-paths."""
    rulings: frozenset[Ruling]
    """What people said about it while it waited."""
    reused_id: bool
    """Another mail came with the same Message-ID and other words."""
    after: timedelta | None = None
    """How long after we handed the answered mail over for this person; None where nobody asked or it is not known."""
    command: Command | None = None
    """What the whole mail asks for by a word, where it stands at a place for that word."""
    unclear: bool = False
    """It answers a receipt, and not with a word that is read there."""
    question: Question | None = None
    """What the answered notice asked."""
    digest: ClosedDigest | None = None
    """The digest that is answered."""
    today: date = date.min
    """The day it is where the author is."""
    addressee: Person | None = None
    """To whom a letter is written."""
    owes_charter: bool = False
    """The author has yet to accept the charter."""
    is_first: bool = False
    """Nothing of this author stands in the community yet; asked only where its rule wants to know."""
    audience: int = 0
    """How many would read it there; asked only where the rules want to know."""
    is_paused: bool = False
    """So much came for its topic lately that nothing is posted there unread."""
    topic_rate: int = 0
    """How many posts its topic took within the minute; asked only where the rules want to know, as the next one."""
    author_rate: int = 0
    """How many its author wrote within the hour, counted as far as it matters."""
    taken_off: tuple[str, ...] = ()
    """The names of files that do not go out with it, as somebody said."""

    @property
    def approved(self) -> bool:
        """Somebody who runs the place wants it published."""
        return Ruling.PUBLISHED in self.rulings

    @property
    def vouched(self) -> bool:
        """Somebody said whose it is, from their own mailbox or for who runs the place."""
        return self.approved or Ruling.OWNED in self.rulings
