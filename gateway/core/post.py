"""Topic, Content, Post, PostMail: a thread, the words of one mail, those words in one community, and what is mailed.

A mail to two communities is one Content and two Posts: a topic in each, one mail per person.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from html import unescape
from urllib.parse import unquote

from gateway.core.community import Community

_CID = re.compile(r"""cid:([^"'\s<>]+)""", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Topic:
    """A thread of one community, numbered `[#id]` for the whole network."""

    id: int
    community_id: int
    title: str
    closed: bool


@dataclass(frozen=True, slots=True)
class StoredFile:
    """An attachment of a content, its bytes a blob under `sha256`. `id` is what a signed link to it names."""

    id: int
    name: str
    content_type: str
    size: int
    sha256: str
    inline: bool
    content_id: str


@dataclass(frozen=True, slots=True)
class ToldFile:
    """A file as it is told of: `id` is what a signed link to it names, `size` is in octets."""

    id: int
    name: str
    size: int


@dataclass(frozen=True, slots=True)
class Content:
    """The words of one accepted mail. `html` is clean; `message_id` is ours, the same for all who receive it."""

    id: int
    message_id: str
    author_id: int
    author_name: str
    author_message_id: str
    subject: str
    text: str
    html: str | None
    language: str | None
    files: tuple[StoredFile, ...]
    created_at: datetime
    forwarded: str = ""
    """A mail that the author passed on below their own words, as text."""


@dataclass(frozen=True, slots=True)
class Post:
    """A content standing in one topic. `number` grows in commit order within the community."""

    id: int
    community_id: int
    topic_id: int
    content_id: int
    number: int
    parent_id: int | None
    author_id: int
    withdrawn: bool


@dataclass(frozen=True, slots=True)
class PostMail:
    """Everything about the mail of one post that is the same for all its readers."""

    post_id: int
    topic_id: int
    """The `[#n]` of the network."""
    topic_title: str
    content: Content
    community: Community
    """The one it is sent from and where an answer goes."""
    is_answer: bool
    in_reply_to: tuple[str, ...]
    """Message-IDs with angle brackets: the parent post's, ours."""
    references: tuple[str, ...]
    """Message-IDs of the posts above, oldest first: ours and the authors' own. This post's own are not among them."""
    readers: int
    """How many people hear an answer, at whatever pace."""
    also_in: tuple[str, ...]
    """Names of the other communities it was posted to."""
    files_attached: tuple[StoredFile, ...]
    """Travel with the mail, inline images among them."""
    files_linked: tuple[StoredFile, ...]
    """Too large to travel: each reader gets a signed link."""
    link_days: int | None
    """For how many days a link works; None where it works as long as the file is kept."""


def shown_inside(html: str) -> frozenset[str]:
    """The Content-IDs of the images that this HTML shows: such a file is a part of the words (RFC 2392)."""
    return frozenset(unquote(unescape(name)) for name in _CID.findall(html))
