"""Rights: what each role may do, in one table, which docs/guide.md shows.

Asked by whoever acts for a person, when a mail or an answer comes in (invariant I11). Who reads and answers is no right
of a role: every member may, as far as the community lets its members post.
"""

from __future__ import annotations

from enum import StrEnum

from gateway.core.community import Membership, NetworkRole, Person, PersonState, Role


class Right(StrEnum):
    """Something that not everybody may do in a community."""

    POST_UNREAD = "post_unread"
    """Write without anybody reading it first, whatever the community's rule."""
    MODERATE = "moderate"
    """Publish or refuse what waits."""
    ADMIT = "admit"
    """Say who becomes a member."""
    CLOSE_TOPICS = "close_topics"
    """Close topics, and open them again."""
    HURRY = "hurry"
    """Reach people in their quiet hours, who allow it."""


_OF_ROLE: dict[Role, frozenset[Right]] = {
    Role.MEMBER: frozenset(),
    # Who keeps a community lively is trusted to write, and rules over nobody.
    Role.CHAMPION: frozenset((Right.POST_UNREAD,)),
    Role.MANAGER: frozenset(Right),
    # Who answers for a community in the company; it is run by others.
    Role.SPONSOR: frozenset((Right.POST_UNREAD,)),
}
_OF_ADMIN = frozenset((Right.MODERATE, Right.ADMIT, Right.CLOSE_TOPICS))
"""Of an administrator in every community; to write there, they are a member like others."""


def may(person: Person, membership: Membership | None, right: Right) -> bool:
    """Whether this person, with this membership of the community or with none, has the right there."""
    if person.state is not PersonState.ACTIVE:
        return False
    if person.role is NetworkRole.ADMIN and right in _OF_ADMIN:
        return True
    return membership is not None and right in _OF_ROLE[membership.role]
