"""Composing: claimed deliveries become mails, one spoiled one never in the way of the others.

Called by the sender, on one thread. Each delivery comes out as a mail or as what became of it where there is none. What
cannot be loaded or rendered is our own trouble: it waits until that is mended, is tried once for all its readers and
told once. Only an address that is none fails a delivery.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

import structlog

from gateway.core.clock import Clock
from gateway.core.delivery import Delivery, DeliveryKind, DeliveryState, Outcome, Outgoing
from gateway.core.errors import StoreError
from gateway.core.notice import NoticeMail
from gateway.core.post import PostMail
from outbound.compose import Composer, MailTemplate, NoticeTemplate, UnfitAddressError
from outbound.contents import Contents, TemplateCache
from outbound.digest import DigestComposer
from outbound.digest_contents import DigestContents, LoadedDigest
from outbound.digest_parts import Fragment
from outbound.language import language_of
from store.database import Database
from store.deliveries import Claimed

log = structlog.get_logger(__name__)

NOT_COMPOSED = "not composed"
_NOTICES_AT_ONCE = 20
_ANNOUNCED_KEPT = 50
_SPOILED_S = 60.0
"""For so long what could not be rendered for one reader is not tried for the next."""


@dataclass(frozen=True, slots=True)
class Pressroom:
    """What digests are made by."""

    contents: DigestContents
    composer: DigestComposer
    clock: Clock


@dataclass(frozen=True, slots=True)
class _Loaded:
    """What the deliveries of one batch say."""

    posts: dict[int, PostMail]
    notices: dict[int, NoticeMail]
    digests: dict[int, LoadedDigest]
    fragments: dict[str, Fragment]


class Composing:
    """Composes batches of claimed deliveries. Not thread-safe: the templates are shared from batch to batch."""

    def __init__(
        self,
        composer: Composer,
        contents: Contents,
        database: Database,
        press: Pressroom,
        *,
        elapsed: Callable[[], float] = time.monotonic,
    ) -> None:
        self._composer = composer
        self._contents = contents
        self._database = database
        self._press = press
        self._elapsed = elapsed
        self._templates = TemplateCache()
        self._announced: dict[tuple[int | None, str], NoticeTemplate] = {}
        # By post and language: until when, and the name of the trouble.
        self._spoiled: dict[tuple[int, str], tuple[float, str]] = {}

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
            things = list(dict.fromkeys(_thing(item) for item in part))
            log.exception("load_failed", deliveries=len(part), things=len(things))
            if len(things) == 1 or isinstance(error, StoreError):
                yield from (_deferred(item.delivery, type(error).__name__) for item in part)
                return
        else:
            yield from (self._compose(item, loaded) for item in part)
            return
        # What cannot be read must not keep the others from their turn; in order, because the rest may be given back.
        made = {thing: self._compose_part([item for item in part if _thing(item) == thing]) for thing in things}
        yield from (next(made[_thing(item)]) for item in part)

    def _load(self, part: Sequence[Claimed]) -> _Loaded:
        wanted = [item.delivery for item in part if not item.objection]
        post_ids = {
            d.post_id for d in wanted if d.post_id and self._templates.get(d.post_id, language_of(d.locale)) is None
        }
        if len(self._announced) > _ANNOUNCED_KEPT:
            self._announced.clear()
        notice_ids = {d.notice_id for d in wanted if d.notice_id and _edition(d) not in self._announced}
        digest_ids = {d.digest_id for d in wanted if d.digest_id}
        if not post_ids and not notice_ids and not digest_ids:
            return _Loaded({}, {}, {}, {})
        with self._database.reading() as tx:
            mails = self._contents.posts(tx, post_ids) if post_ids else {}
            found = self._contents.notices(tx, notice_ids) if notice_ids else {}
            closed = self._press.contents.load(tx, digest_ids) if digest_ids else {}
        fragments = self._press.contents.fragments(list(closed.values()), self._press.clock()) if closed else {}
        return _Loaded(mails, found, closed, fragments)

    def _compose(self, item: Claimed, loaded: _Loaded) -> Outgoing | Outcome:
        delivery = item.delivery
        if item.objection:
            return Outcome(delivery.id, delivery.attempts, DeliveryState.DROPPED, detail=item.objection)
        try:
            if delivery.kind is DeliveryKind.NOTICE:
                return self._compose_notice(delivery, loaded)
            if delivery.kind is DeliveryKind.DIGEST:
                return self._compose_digest(delivery, loaded)
            template = self._template(delivery, loaded)
            if isinstance(template, str):
                return _deferred(delivery, template)
            return self._composer.fill(template, delivery)
        except UnfitAddressError as error:
            log.error("address_unfit", delivery=delivery.id, person=delivery.person_id)
            return Outcome(delivery.id, delivery.attempts, DeliveryState.FAILED, detail=str(error))
        except Exception as error:
            log.exception("compose_failed", delivery=delivery.id)
            return _deferred(delivery, type(error).__name__)

    def _compose_notice(self, delivery: Delivery, loaded: _Loaded) -> Outgoing:
        """One for very many is rendered once for each language, as a post is."""
        assert delivery.notice_id
        template = self._announced.get(_edition(delivery))
        if template is None:
            notice = loaded.notices[delivery.notice_id]
            if not notice.is_shared:
                return self._composer.compose_notice(notice, delivery)
            template = self._announced[_edition(delivery)] = self._composer.prepare_notice(notice, delivery)
        return self._composer.fill_notice(template, delivery)

    def _compose_digest(self, delivery: Delivery, loaded: _Loaded) -> Outgoing | Outcome:
        assert delivery.digest_id
        one = loaded.digests[delivery.digest_id]
        mail = self._press.contents.compose_ready(one, loaded.fragments)
        if mail is None:
            # Its posts were withdrawn, or its reader left meanwhile (I11).
            return Outcome(delivery.id, delivery.attempts, DeliveryState.DROPPED, detail="nothing left to tell")
        return self._press.composer.compose(mail, loaded.fragments, replace(delivery, locale=one.locale))

    def _template(self, delivery: Delivery, loaded: _Loaded) -> MailTemplate | str:
        """The mail for all readers of that language, or the name of the trouble that keeps it from all of them."""
        assert delivery.post_id
        language = language_of(delivery.locale)
        key = delivery.post_id, language
        template = self._templates.get(*key)
        if template is not None:
            return template
        now = self._elapsed()
        until, trouble = self._spoiled.get(key, (now, ""))
        if now < until:
            return trouble
        try:
            template = self._composer.prepare(loaded.posts[delivery.post_id], language)
        except Exception as error:
            log.exception("compose_failed", post=delivery.post_id, language=language)
            self._spoiled = {i: kept for i, kept in self._spoiled.items() if kept[0] > now}
            self._spoiled[key] = (now + _SPOILED_S, type(error).__name__)
            return type(error).__name__
        self._templates.put(*key, template)
        return template


def _thing(item: Claimed) -> tuple[int | None, int | None, int | None]:
    """What is loaded for it: a post, a notice or a digest."""
    return item.delivery.post_id, item.delivery.notice_id, item.delivery.digest_id


def _edition(delivery: Delivery) -> tuple[int | None, str]:
    """A notice in one language."""
    return delivery.notice_id, language_of(delivery.locale)


def _deferred(delivery: Delivery, trouble: str) -> Outcome:
    detail = f"{NOT_COMPOSED}: {trouble}"
    return Outcome(delivery.id, delivery.attempts, DeliveryState.DEFERRED, detail=detail)
