"""What a person's next digest would be, word for word, without making it: `relais digest preview`.

Part of the wiring: it asks digests what would be closed and outbound what would be composed, and writes nothing. Its
tokens are signed with a key that everybody knows, so whoever is shown the mail of another can do nothing with them.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from email import message_from_bytes, policy
from typing import TYPE_CHECKING

from digests.preview import UNSTORED, preview
from digests.preview import Silence as Silence
from digests.select import Explained
from gateway.core.address import Address
from gateway.core.community import Person
from gateway.core.delivery import Delivery, DeliveryKind, Lease
from gateway.core.digest import Cadence
from gateway.core.errors import GatewayError
from gateway.core.token import KeyRing
from store import choices, communities, people

if TYPE_CHECKING:
    from gateway.app import App
    from store.digests import ClosedDigest

_KEY_ID = 1
_OPEN_KEY = bytes(32)
"""No secret file holds it: keys are made at random."""


@dataclass(frozen=True, slots=True)
class Reason:
    """Why one item is there."""

    topic: int
    title: str
    community: str
    section: str
    shape: str
    news: int
    why: str
    """The reasons, strongest first, with commas between."""
    score: float


@dataclass(frozen=True, slots=True)
class PreviewedMail:
    """The mail as it would leave, but for its tokens and the DKIM signature."""

    leaves_at: datetime
    day: str
    """The local day that it covers, ISO 8601."""
    left_out: int
    reasons: tuple[Reason, ...]
    raw: bytes
    reverse_path: str

    @property
    def subject(self) -> str:
        """Its subject in words."""
        return str(message_from_bytes(self.raw, policy=policy.default)["Subject"])

    def part(self, subtype: str) -> str:
        """The text of its part `plain` or `html`, of `\\n` lines."""
        body = message_from_bytes(self.raw, policy=policy.default).get_body((subtype,))
        return str(body.get_content()).replace("\r\n", "\n") if body else ""


def preview_mail(app: App, address: Address, cadence: Cadence, now: datetime) -> PreviewedMail | Silence:
    """The next digest of whoever has this address, as seen at `now`; Silence where there would be none.

    Raises GatewayError where nobody has the address, StoreError.
    """
    press = app.pressroom(KeyRing({_KEY_ID: _OPEN_KEY}))
    with app.database.reading() as tx:
        person = people.find(tx, address)
        if person is None:
            raise GatewayError(f"{address}: nobody has this address")
        found = preview(tx, app.rounds().plan, person.id, cadence, now)
        if isinstance(found, Silence):
            return found
        loaded = press.contents.draft(tx, found.digest)
        topics = choices.titles(tx, (one.topic_id for one in found.explained))
        places = communities.get_all(tx, {place for _, place in topics.values()})
    if loaded is None:
        return Silence.NOTHING_NEW
    fragments = press.contents.fragments([loaded], now, keep=False)
    mail = press.contents.compose_ready(loaded, fragments)
    if mail is None:
        return Silence.NOTHING_NEW
    composed = press.composer.compose(mail, fragments, _delivery(person, found.digest))
    names = {topic_id: (title, places[place].name) for topic_id, (title, place) in topics.items()}
    news = {item.topic_id: item.news for item in found.digest.items}
    shown = {item.topic_id for item in mail.items}
    reasons = tuple(_reason(one, *names[one.topic_id], news[one.topic_id]) for one in found.explained)
    return PreviewedMail(
        leaves_at=found.digest.created_at,
        day=found.digest.period,
        left_out=found.digest.left_out,
        reasons=tuple(reason for reason in reasons if reason.topic in shown),
        raw=composed.data,
        reverse_path=composed.reverse_path,
    )


def _reason(one: Explained, title: str, community: str, news: int) -> Reason:
    why = ", ".join(one.why)
    return Reason(one.topic_id, title, community, one.section, one.shape, news, why, round(one.score, 2))


def _delivery(person: Person, digest: ClosedDigest) -> Delivery:
    return Delivery(
        id=UNSTORED,
        kind=DeliveryKind.DIGEST,
        content_id=None,
        notice_id=None,
        digest_id=UNSTORED,
        community_id=None,
        post_id=None,
        person_id=person.id,
        address=person.address,
        locale=digest.locale,
        key_id=_KEY_ID,
        attempts=1,
        created_at=digest.created_at,
        lease=Lease(digest.created_at),
    )
