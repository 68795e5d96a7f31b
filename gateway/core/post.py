"""Topic, Content, Post: a thread, the words of one mail, and those words standing in one community.

A mail to two communities is one Content and two Posts: a topic in each, one mail per person.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Topic:
    """A thread of one community, numbered `[#id]` for the whole network."""

    id: int
    community_id: int
    title: str
    closed: bool


@dataclass(frozen=True, slots=True)
class StoredFile:
    """An attachment of a post, its bytes a blob under `sha256`."""

    name: str
    content_type: str
    size: int
    sha256: str
    inline: bool
    content_id: str


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
