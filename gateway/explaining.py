"""What a mail would do, and why, without doing it: `relais explain`, with a store and without one.

Part of the wiring: it runs the deciding half of the pipeline on a reading transaction that is rolled back.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from gateway.core.message import Arrival, Envelope, Mail
from inbound import authenticity, hints, pipeline, reading
from inbound.case import Decided, ReadMail
from inbound.explain import Explanation as Explanation
from inbound.explain import describe
from inbound.gathering import gather
from inbound.parse import parse
from inbound.resolver import Resolver
from store import originals
from store.originals import Words

if TYPE_CHECKING:
    from gateway.app import App
    from store.blobs import Blobs
    from store.database import Database

LOCAL = "local"
UNKNOWN_SENDER = "unknown"
"""A reverse-path that is not null, where none is known."""


class FullExplanation(Explanation):
    """The document with the verdict; the three are None where the mail names no address of ours."""

    destination: str | None
    decision: str | None
    reason: str | None


def explain_alone(raw: bytes, reverse_path: str | None) -> Explanation:
    """What the bytes alone tell."""
    return describe(reading.read(raw, UNKNOWN_SENDER if reverse_path is None else reverse_path, domain=""))


def explain_within(app: App, raw: bytes, *, to: str | None, reverse_path: str | None, now: datetime) -> FullExplanation:
    """What this mail would do, had a trusted mail server handed it over now for the forward-path `to`.

    Without `to` it is taken to be for the first address of ours that it names. Writes nothing. Raises StoreError.
    """
    domain = app.settings.gateway.domain
    sender = UNKNOWN_SENDER if reverse_path is None else reverse_path
    ours = [address for address in parse(raw).recipients if address.endswith(f"@{domain}")]
    paths = (to,) if to else tuple(ours)
    envelope = Envelope(sender, paths, LOCAL, True, LOCAL, "", now)
    arrivals = tuple(Arrival(number, path) for number, path in enumerate(paths))
    mail = Mail(0, envelope, len(raw), "", raw, arrivals, attempts=0, failures=0)
    with app.database.reading() as tx:
        [known] = hints.collect(tx, [mail], app.house, app.sent_texts(), app.sent_digests())
        understood = reading.read(raw, sender, domain, known)
        border = app.reader_setup().border
        ask = Resolver(border.verifying.nameservers).ask if border.verifying else None
        proof = authenticity.find(raw, understood.parsed, envelope, border, ask)
        cases = gather(tx, [ReadMail(mail, understood, proof)], app.house, app.rules(), now).cases
        decided = pipeline.decide(cases, app.rules())
    return _full(describe(understood), decided[0] if decided else None)


def words_of(database: Database, blobs: Blobs, arrival_id: int) -> Words | None:
    """The words of a mail that came in, and what was cut from them; None where neither post nor bytes are kept.

    Of a post they are those that were stored with it; any other mail is read anew. Raises StoreError.
    """
    with database.reading() as tx:
        words = originals.words_of_post(tx, arrival_id)
        kept = None if words else originals.original_of(tx, arrival_id)
    if kept is None:
        return words
    raw = blobs.read(kept.blob) if kept.raw is None else kept.raw
    body = reading.read(raw, kept.reverse_path, domain="").body
    return Words(body.text, body.quoted, body.forwarded, body.signature)


def _full(told: Explanation, decided: Decided | None) -> FullExplanation:
    if decided is None:
        return {**told, "destination": None, "decision": None, "reason": None}
    facts, decision = decided.case.facts, decided.decision
    where = type(facts.destination).__name__.removeprefix("To").lower()
    place = facts.community.address if facts.community else decided.case.arrival.forward_path
    topic = f" #{facts.place.topic.id}" if facts.place else ""
    return {
        **told,
        "destination": f"{where} {place}{topic}",
        "decision": decision.verdict.value,
        "reason": decision.reason.value,
    }
