"""Composing: claimed deliveries become mails, one spoiled one never in the way of the others.

Called by the sender, on one thread. Each delivery comes out as a mail or as what became of it where there is none. A
store that did not answer may answer later; whatever else goes wrong is tried a few times, then the delivery has failed.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import structlog

from gateway.core.delivery import Delivery, DeliveryKind, DeliveryState, Outcome, Outgoing
from gateway.core.errors import CompositionError, StoreError
from gateway.core.notice import NoticeMail
from gateway.core.post import PostMail
from outbound.compose import Composer
from outbound.contents import Contents, TemplateCache
from outbound.language import language_of
from store.database import Database
from store.deliveries import Claimed

log = structlog.get_logger(__name__)

MOST_ATTEMPTS = 5
"""A delivery that still cannot be composed at its fifth attempt has failed."""
_NOTICES_AT_ONCE = 20


@dataclass(frozen=True, slots=True)
class _Loaded:
    """What the deliveries of one batch say."""

    posts: dict[int, PostMail]
    notices: dict[int, NoticeMail]


class Composing:
    """Composes batches of claimed deliveries. Not thread-safe: the templates are shared from batch to batch."""

    def __init__(self, composer: Composer, contents: Contents, database: Database) -> None:
        self._composer = composer
        self._contents = contents
        self._database = database
        self._templates = TemplateCache()

    def warm_up(self) -> None:
        """Makes ready what the first mail would wait for."""
        self._composer.warm_up()

    def compose_all(self, claimed: Sequence[Claimed]) -> Iterator[Outgoing | Outcome]:
        """One result for each, in order, made when it is asked for. Never raises for a delivery."""
        # A notice brings a whole mail's text along: of those, a few at a time.
        step = _NOTICES_AT_ONCE if any(item.delivery.notice_id for item in claimed) else len(claimed)
        for start in range(0, len(claimed), max(1, step)):
            yield from self._compose_part(claimed[start : start + step])

    def _compose_part(self, part: Sequence[Claimed]) -> Iterator[Outgoing | Outcome]:
        try:
            loaded = self._load(part)
        except Exception as error:
            log.exception("load_failed", deliveries=len(part))
            if len(part) == 1 or isinstance(error, StoreError):
                yield from (_spoiled(item.delivery, error) for item in part)
                return
        else:
            yield from (self._compose(item, loaded) for item in part)
            return
        # One that cannot be read must not keep the others from their turn.
        for item in part:
            yield from self._compose_part([item])

    def _load(self, part: Sequence[Claimed]) -> _Loaded:
        wanted = [item.delivery for item in part if not item.objection]
        post_ids = {
            d.post_id for d in wanted if d.post_id and self._templates.get(d.post_id, language_of(d.locale)) is None
        }
        notice_ids = {d.notice_id for d in wanted if d.notice_id}
        if not post_ids and not notice_ids:
            return _Loaded({}, {})
        with self._database.reading() as tx:
            mails = self._contents.posts(tx, post_ids) if post_ids else {}
            found = self._contents.notices(tx, notice_ids) if notice_ids else {}
        return _Loaded(mails, found)

    def _compose(self, item: Claimed, loaded: _Loaded) -> Outgoing | Outcome:
        delivery = item.delivery
        if item.objection:
            return Outcome(delivery.id, delivery.attempts, DeliveryState.DROPPED, detail=item.objection)
        try:
            if delivery.kind is DeliveryKind.NOTICE:
                assert delivery.notice_id
                return self._composer.compose_notice(loaded.notices[delivery.notice_id], delivery)
            return self._compose_post(delivery, loaded)
        except Exception as error:
            log.exception("compose_failed", delivery=delivery.id)
            return _spoiled(delivery, error)

    def _compose_post(self, delivery: Delivery, loaded: _Loaded) -> Outgoing:
        assert delivery.post_id
        language = language_of(delivery.locale)
        template = self._templates.get(delivery.post_id, language)
        if template is None:
            template = self._composer.prepare(loaded.posts[delivery.post_id], language)
            self._templates.put(delivery.post_id, language, template)
        return self._composer.fill(template, delivery)


def _spoiled(delivery: Delivery, error: Exception) -> Outcome:
    """What cannot leave as meant never will; a store that did not answer may; the rest is tried a few times."""
    may_pass = isinstance(error, StoreError) and error.temporary
    hopeless = isinstance(error, CompositionError) or (not may_pass and delivery.attempts >= MOST_ATTEMPTS)
    state = DeliveryState.FAILED if hopeless else DeliveryState.DEFERRED
    return Outcome(delivery.id, delivery.attempts, state, detail=f"not composed: {type(error).__name__}")
