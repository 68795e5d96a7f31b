"""What each role may do, and that the guide says the same."""

from __future__ import annotations

from pathlib import Path

import pytest

from gateway.core.community import Membership, NetworkRole, Person, PersonState, Role
from gateway.core.rights import Right, may

GUIDE = Path(__file__).parents[2] / "docs" / "guide.md"
SAID = {
    Right.POST_UNREAD: "write without being read first",
    Right.MODERATE: "publish or refuse what waits",
    Right.ADMIT: "say who becomes a member",
    Right.CLOSE_TOPICS: "close and reopen topics",
    Right.HURRY: "mark posts as urgent",
}


def person(role: NetworkRole = NetworkRole.MEMBER, state: PersonState = PersonState.ACTIVE) -> Person:
    return Person(1, "ann@people.example", "Ann", "en", "UTC", role, state)


def test_the_guide_shows_the_table() -> None:
    guide = GUIDE.read_text("utf-8")
    for right in Right:
        of_roles = [may(person(), Membership(1, 1, role, None), right) for role in Role]
        columns = [*of_roles, may(person(NetworkRole.ADMIN), None, right)]
        row = "".join(" yes |" if has else " |" for has in columns)
        assert f"| {SAID[right]} |{row}\n" in guide, right


@pytest.mark.parametrize("right", Right)
def test_nobody_may_anything_without_a_place_or_suspended(right: Right) -> None:
    assert not may(person(), None, right)
    suspended = person(NetworkRole.ADMIN, PersonState.SUSPENDED)
    assert not may(suspended, Membership(1, 1, Role.MANAGER, None), right)
