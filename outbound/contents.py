"""What claimed deliveries say: the posts and notices they speak of, loaded a batch at a time, one query a noun.

Called by outbound.worker. Finished templates are kept for the deliveries that follow, within a budget of octets.
"""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import TypeVar

from sqlalchemy import Connection

from gateway.core.community import Community
from gateway.core.notice import NamedFile, NoticeMail
from gateway.core.post import Content, PostMail, StoredFile
from outbound.compose import MailTemplate
from store import communities, memberships, notices, posts
from store.posts import Place

_CACHE_OCTETS = 64 << 20
_COUNT_FRESH_S = 60.0
File = TypeVar("File", StoredFile, NamedFile)


@dataclass(frozen=True, slots=True)
class Limits:
    """What travels with a mail. `attach_bytes` is for one file; a mail carries twice that at most, in octets."""

    attach_bytes: int
    max_attachment_bytes: int
    link_days: int | None


class Contents:
    """Loads what mails say. Not thread-safe: the composing thread's own."""

    def __init__(self, limits: Limits, *, elapsed: Callable[[], float] = time.monotonic) -> None:
        self._limits = limits
        self._elapsed = elapsed
        self._readers: dict[int, tuple[float, int]] = {}

    def posts(self, tx: Connection, post_ids: Iterable[int]) -> dict[int, PostMail]:
        """The mails of these posts, by post id."""
        places = posts.places(tx, post_ids)
        content_ids = {place.post.content_id for place in places.values()}
        words = posts.get_contents(tx, content_ids)
        named = posts.community_names(tx, content_ids)
        homes = communities.get_all(tx, {place.post.community_id for place in places.values()})
        readers = self._count_readers(tx, homes)
        mails = {}
        for post_id, place in places.items():
            above = posts.ancestry(tx, place.post.parent_id) if place.post.parent_id else []
            content, home = words[place.post.content_id], homes[place.post.community_id]
            others = tuple(name for i, name in named.get(content.id, ()) if i != home.id)
            # Whoever answers is one of the readers, and does not hear their own answer.
            hear_it = max(0, readers[home.id] - 1)
            mails[post_id] = self._mail(place, content, home, above, (hear_it, others))
        return mails

    def notices(self, tx: Connection, notice_ids: Iterable[int]) -> dict[int, NoticeMail]:
        """Notices, by id."""
        found = notices.get_all(tx, notice_ids, limit_bytes=self._limits.max_attachment_bytes)
        return {notice_id: self._with_files(mail) for notice_id, mail in found.items()}

    def _with_files(self, mail: NoticeMail) -> NoticeMail:
        """The notice with those of its files attached that are light enough; the others are named."""
        attached, others = self._share_out(tuple(file for file in mail.files if file.sha256))
        return replace(mail, attached=attached, files=tuple(file for file in mail.files if not file.sha256) + others)

    def _mail(
        self,
        place: Place,
        content: Content,
        home: Community,
        above: list[tuple[str, str]],
        audience: tuple[int, tuple[str, ...]],
    ) -> PostMail:
        attached, linked = self._share_out(content.files)
        readers, also_in = audience
        return PostMail(
            post_id=place.post.id,
            topic_id=place.topic.id,
            topic_title=place.topic.title,
            content=content,
            community=home,
            is_answer=place.post.parent_id is not None,
            in_reply_to=(above[-1][0],) if above else (),
            references=tuple(message_id for pair in above for message_id in pair if message_id),
            readers=readers,
            also_in=also_in,
            files_attached=attached,
            files_linked=linked,
            link_days=self._limits.link_days,
        )

    def _share_out(self, files: tuple[File, ...]) -> tuple[tuple[File, ...], tuple[File, ...]]:
        """(attached, others): small files travel along, in their order, until the mail is heavy enough."""
        attached, others = [], []
        room = 2 * self._limits.attach_bytes
        for file in files:
            if file.size <= min(self._limits.attach_bytes, room):
                attached.append(file)
                room -= file.size
            else:
                others.append(file)
        return tuple(attached), tuple(others)

    def _count_readers(self, tx: Connection, homes: Iterable[int]) -> dict[int, int]:
        """Readers by community. Counting costs by member, so a count is good for a minute."""
        now = self._elapsed()
        stale = [i for i in homes if self._readers.get(i, (0.0, 0))[0] <= now]
        if stale:
            counted = memberships.readers(tx, stale)
            self._readers.update((i, (now + _COUNT_FRESH_S, counted.get(i, 0))) for i in stale)
        return {i: self._readers[i][1] for i in homes}


class TemplateCache:
    """Composed templates by (post, language), the longest unused forgotten first. Not thread-safe."""

    def __init__(self, octets: int = _CACHE_OCTETS) -> None:
        self._octets = octets
        self._held = 0
        self._templates: OrderedDict[tuple[int, str], MailTemplate] = OrderedDict()

    def get(self, post_id: int, locale: str) -> MailTemplate | None:
        """The template, if it is still held."""
        template = self._templates.get((post_id, locale))
        if template is not None:
            self._templates.move_to_end((post_id, locale))
        return template

    def put(self, post_id: int, locale: str, template: MailTemplate) -> None:
        """Holds a template; the latest is held even if it alone is over the budget."""
        self._templates[post_id, locale] = template
        self._held += template.size
        while self._held > self._octets and len(self._templates) > 1:
            _, dropped = self._templates.popitem(last=False)
            self._held -= dropped.size
